//! Exact top-N: recommendations and nearest neighbours over borrowed factors and matrices of weights.
//!
//! One order holds everywhere: the higher score first, then the smaller id. NaN is never returned.
//! A filtered id never displaces another.

mod audience;
mod best;
mod by_dense_rows;
mod by_rows;
mod filter;
mod index;
mod lists;
mod options;
mod packing;
pub(crate) mod pairs;
mod partners;
mod ranked;
mod rankings;
mod recommend;
mod rounding;
mod row_queries;
mod scores;
mod scoring;
mod screening;
mod search;
mod selection;
mod similar;
mod sums;
#[cfg(test)]
mod tests;
mod top_n;

pub use audience::{AudienceMember, audience_by_rank, audience_by_score};
pub use by_dense_rows::recommend_by_dense_rows;
pub use by_rows::recommend_by_rows;
pub use index::Index;
pub use options::RankOptions;
pub use rankings::Rankings;
pub use recommend::recommend;
pub use scores::{all_scores, all_scores_by_rows};
pub use similar::similar;
