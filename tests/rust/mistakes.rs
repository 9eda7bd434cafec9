//! Every mistake in data or parameters is an error that carries the numbers.

use penchant::rank::recommend;
use penchant::{
    AlternatingLeastSquares, CsrMatrix, CsrView, DenseView, Error, Factors, Pattern, RankOptions,
};
use proptest::prelude::*;

fn small() -> CsrMatrix<f32> {
    CsrMatrix::from_triplets(2, 3, &[(0, 0, 1.0), (1, 2, 2.0)]).unwrap()
}

#[test]
fn broken_structure_is_named() {
    let view = |indptr: &[i64], indices: &[i32]| {
        CsrView::new(3, indptr, indices, &vec![1.0_f32; indices.len()]).map(|_| ())
    };
    assert_eq!(view(&[], &[]), Err(Error::IndptrEmpty));
    assert_eq!(view(&[1, 2], &[0, 1]), Err(Error::IndptrStart { first: 1 }));
    assert_eq!(view(&[0, 2, 1], &[0]), Err(Error::IndptrDecreases { row: 1, start: 2, end: 1 }));
    assert_eq!(view(&[0, 2], &[0]), Err(Error::IndptrEnd { end: 2, indices: 1 }));
    assert_eq!(view(&[0, 0, 1], &[-1]), Err(Error::ColumnOutOfRange { row: 1, index: -1, columns: 3 }));
    assert_eq!(view(&[0, 0, 1], &[3]), Err(Error::ColumnOutOfRange { row: 1, index: 3, columns: 3 }));
    assert_eq!(view(&[0, 2], &[1, 1]), Err(Error::ColumnsNotIncreasing { row: 0 }));
    let short = CsrView::new(3, &[0, 1], &[0], &[] as &[f64]);
    assert!(matches!(short, Err(Error::SizeMismatch { expected: 1, actual: 0, .. })));
}

#[test]
fn parameters_out_of_range_are_named() {
    let matrix = small();
    let fit = |als: AlternatingLeastSquares| als.fit(&matrix.view()).map(|_| ()).unwrap_err();
    let name = |error| match error {
        Error::InvalidParameter { name, .. } => name,
        other => panic!("{other}"),
    };
    let als = || AlternatingLeastSquares::new(2);
    assert_eq!(name(fit(AlternatingLeastSquares::new(0))), "factors");
    assert_eq!(name(fit(als().alpha(0.0))), "alpha");
    assert_eq!(name(fit(als().regularization(f64::INFINITY))), "regularization");
    assert_eq!(name(fit(als().unobserved_weight(0.0).regularization(0.0))), "regularization");
    assert_eq!(name(fit(als().cg_steps(0))), "cg_steps");
    assert_eq!(name(fit(als().threads(100_000))), "num_threads");
}

#[test]
fn values_that_are_not_finite_are_placed() {
    let matrix = CsrMatrix::from_triplets(3, 3, &[(0, 0, 1.0), (2, 1, f64::INFINITY)]).unwrap();
    let error = AlternatingLeastSquares::new(2).fit(&matrix.view()).unwrap_err();
    assert_eq!(error, Error::NotFinite { row: 2, column: 1, value: f64::INFINITY });
}

#[test]
fn an_empty_matrix_is_nothing_to_learn_from() {
    let matrix = CsrMatrix::<f32>::from_triplets(2, 3, &[]).unwrap();
    let error = AlternatingLeastSquares::new(2).fit(&matrix.view()).unwrap_err();
    assert_eq!(error, Error::Empty { what: "user_items", rows: 2, columns: 3, stored: 0 });
}

#[test]
fn requests_that_do_not_fit_the_model_are_refused() {
    let model = Factors::new(1, vec![1.0_f32, 2.0], vec![1.0, 2.0, 3.0]).unwrap();
    let ask = |users: &[i32], liked: Option<Pattern<'_>>, options: RankOptions<'_>| {
        recommend(model.user_factors(), model.item_factors(), None, users, liked, &options)
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(ask(&[2], None, RankOptions::top(1)), Error::IdOutOfRange { what: "user", id: 2, len: 2 });
    assert!(matches!(ask(&[0], None, RankOptions::top(0)), Error::InvalidParameter { name: "N", .. }));
    assert!(matches!(ask(&[0], None, RankOptions::top(1).only(&[-1])), Error::IdOutOfRange { id: -1, .. }));
    assert!(matches!(ask(&[0], None, RankOptions::top(1).without(&[3])), Error::IdOutOfRange { id: 3, .. }));
    let two_rows = small();
    assert!(matches!(
        ask(&[0], Some(two_rows.view().pattern()), RankOptions::top(1)),
        Error::SizeMismatch { expected: 1, actual: 2, .. }
    ));
    let wide = CsrMatrix::<f32>::from_triplets(1, 4, &[]).unwrap();
    assert!(matches!(
        ask(&[0], Some(wide.view().pattern()), RankOptions::top(1)),
        Error::TooLarge { value: 4, max: 3, .. }
    ));
    assert!(DenseView::new(&[1.0_f32], 2, 2).is_err());
    assert!(Factors::new(2, vec![1.0_f32; 3], vec![]).is_err());
}

proptest! {
    #[test]
    fn any_three_slices_are_either_refused_or_safe_to_walk(
        columns in 0_usize..5,
        indptr in prop::collection::vec(-2_i64..6, 0..5),
        indices in prop::collection::vec(-2_i32..6, 0..6),
    ) {
        let values = vec![1.0_f64; indices.len()];
        if let Ok(view) = CsrView::new(columns, &indptr, &indices, &values) {
            let stored: usize = (0..view.rows()).map(|row| view.row(row).indices.len()).sum();
            prop_assert_eq!(stored, view.stored());
            let there = view.transpose();
            let back = there.view().transpose();
            prop_assert_eq!(back.view(), view);
        }
    }
}
