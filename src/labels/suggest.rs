//! Labels that look like one that is not there.

use rayon::prelude::*;

use super::{Label, Labels};
use crate::error::Result;
use crate::pool;

/// How similar two labels must be, from 0 to 1.
const SIMILAR: f64 = 0.75;

impl Labels {
    /// The labels most like a text, the best first, whatever their case: those that contain it or nearly do, then
    /// those that need few letters changed (Jaro and Winkler).
    ///
    /// ```
    /// use penchant::labels::{Label, Labels};
    /// let labels = Labels::of_texts(["Nirvana", "Pearl Jam", "Nirvana UK"])?;
    /// assert_eq!(labels.close_to("nirvanna", 1, 0)?, [Label::Text("Nirvana")]);
    /// # Ok::<(), penchant::Error>(())
    /// ```
    pub fn close_to(&self, text: &str, count: usize, threads: usize) -> Result<Vec<Label<'_>>> {
        let wanted = text.to_lowercase();
        let similarity = |code: usize| {
            let label = self.get(code)?.to_string().to_lowercase();
            let mut similarity = strsim::jaro_winkler(&wanted, &label);
            if wanted.chars().count() > 2 && label.contains(&wanted) {
                similarity = similarity.max(0.9);
            }
            (similarity >= SIMILAR).then_some((similarity, code))
        };
        let found = pool::run(threads, || (0..self.len()).into_par_iter().filter_map(similarity).collect());
        let mut found: Vec<(f64, usize)> = found?;
        found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Ok(found.into_iter().take(count).filter_map(|(_, code)| self.get(code)).collect())
    }

    /// Codes of labels that contain a text, whatever its case.
    pub fn containing(&self, text: &str, threads: usize) -> Result<Vec<u32>> {
        let wanted = text.to_lowercase();
        let has = |code: &usize| {
            self.get(*code).is_some_and(|label| match label {
                Label::Text(label) => label.to_lowercase().contains(&wanted),
                Label::Integer(_) | Label::Unsigned(_) => label.to_string().contains(&wanted),
            })
        };
        pool::run(threads, || (0..self.len()).into_par_iter().filter(has).map(|code| code as u32).collect())
    }
}
