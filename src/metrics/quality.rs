//! What a list of recommendations is worth, and the metrics that follow from it.

/// What the first so many places of one user's list contribute to the ranking metrics.
///
/// "Relevant" are the items stored in the user's row of the test data, and their values are grades. Where the order of
/// a list is arbitrary, these are expectations, but for the area, which is that of the list as it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ListQuality {
    /// The cut-off: how many places are looked at, whether or not the list has as many.
    pub places: usize,
    /// How many items are relevant.
    pub relevant: usize,
    /// How many of the recommended items are relevant.
    pub hits: f64,
    /// How many relevant items are among the first `R` places, `R` being the number of relevant items.
    pub early_hits: f64,
    /// 1 if a relevant item was found, else 0.
    pub found: f64,
    /// 1 / the place of the first relevant item, from 1 on; 0 if there is none.
    pub reciprocal: f64,
    /// `Σ hits up to p / p` over the places `p` with a relevant item.
    pub precisions: f64,
    /// `Σ 1 / log2(p + 1)` over those places: the discounted cumulative gain with gains of 0 and 1.
    pub gain: f64,
    /// The largest `gain` that a list of this length can have.
    pub best_gain: f64,
    /// `Σ grade / log2(p + 1)` over those places (Järvelin and Kekäläinen 2002, with the discount of the web's search
    /// engines). Grades below 0 count as 0.
    pub graded_gain: f64,
    /// The largest `graded_gain` that a list of this length can have.
    pub best_graded_gain: f64,
    /// The area under the ROC curve if the items that are not in the list were put behind it at random; NaN if no
    /// item is relevant or all are.
    pub area: f64,
}

/// What one list is measured by. Their sources are those of the Python metrics of the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// The number of recommended items that are relevant.
    Hits,
    /// Hits / cut-off.
    Precision,
    /// Hits / relevant items.
    Recall,
    /// 1 if there is a hit.
    HitRate,
    /// 1 / place of the first hit.
    ReciprocalRank,
    /// Average precision, divided by the number of relevant items.
    AveragePrecision,
    /// Discounted gain with gains of 0 and 1, divided by that of the best list.
    Ndcg,
    /// The same with grades for gains; 0 if no grade is above 0.
    NdcgGraded,
    /// Area under the ROC curve, 0.5 where there is none.
    Auc,
    /// Hits among the first `R` places / `R`, the number of relevant items.
    RPrecision,
}

impl Metric {
    /// Every metric by its name.
    pub const ALL: [(&'static str, Self); 10] = [
        ("hits", Self::Hits),
        ("precision", Self::Precision),
        ("recall", Self::Recall),
        ("hit_rate", Self::HitRate),
        ("reciprocal_rank", Self::ReciprocalRank),
        ("map", Self::AveragePrecision),
        ("ndcg", Self::Ndcg),
        ("ndcg_graded", Self::NdcgGraded),
        ("auc", Self::Auc),
        ("r_precision", Self::RPrecision),
    ];

    /// The metric of a list. Where no item is relevant, recall, average precision, NDCG and R-precision are NaN.
    ///
    /// ```
    /// use penchant::metrics::{ListQuality, Metric};
    /// let quality = ListQuality { places: 10, relevant: 4, hits: 2.0, ..ListQuality::default() };
    /// assert_eq!(Metric::Recall.of(&quality), 0.5);
    /// ```
    #[must_use]
    #[inline(always)]
    pub fn of(self, quality: &ListQuality) -> f64 {
        let (places, relevant) = (quality.places as f64, quality.relevant as f64);
        match self {
            Self::Hits => quality.hits,
            Self::Precision => quality.hits / places,
            Self::Recall => quality.hits / relevant,
            Self::HitRate => quality.found,
            Self::ReciprocalRank => quality.reciprocal,
            Self::AveragePrecision => quality.precisions / relevant,
            Self::Ndcg => quality.gain / quality.best_gain,
            Self::NdcgGraded if quality.best_graded_gain > 0.0 => {
                quality.graded_gain / quality.best_graded_gain
            }
            Self::NdcgGraded => 0.0,
            Self::Auc if quality.area.is_nan() => 0.5,
            Self::Auc => quality.area,
            Self::RPrecision => quality.early_hits / relevant,
        }
    }
}
