//! The one error type of the crate. Every variant carries the numbers that explain it.

use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong, in terms of the caller's own input.
///
/// Functions of this crate return an error for every mistake in data or parameters. They panic only
/// when the crate breaks its own rules.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// `indptr` needs one entry more than there are rows.
    #[error("indptr must hold at least one entry, the 0 before the first row; it is empty")]
    IndptrEmpty,
    /// `indptr` starts somewhere else than at 0.
    #[error("indptr must start at 0, it starts at {first}")]
    IndptrStart {
        /// The first entry found.
        first: i64,
    },
    /// `indptr` decreases.
    #[error("indptr must not decrease: row {row} starts at {start} and ends at {end}")]
    IndptrDecreases {
        /// The row whose end lies before its start.
        row: usize,
        /// Where the row starts.
        start: i64,
        /// Where the row ends.
        end: i64,
    },
    /// The last entry of `indptr` is not the number of column indices.
    #[error("indptr ends at {end}, but there are {indices} column indices")]
    IndptrEnd {
        /// The last entry of `indptr`.
        end: i64,
        /// The number of column indices.
        indices: usize,
    },
    /// A column index lies outside the matrix.
    #[error("column index {index} in row {row} is outside the matrix, which has {columns} columns")]
    ColumnOutOfRange {
        /// The row it stands in.
        row: usize,
        /// The index found.
        index: i32,
        /// The number of columns.
        columns: usize,
    },
    /// The column indices of a row do not strictly increase.
    #[error("column indices must increase within a row without repeats; those of row {row} do not")]
    ColumnsNotIncreasing {
        /// The first such row.
        row: usize,
    },
    /// More rows or columns than ids can number.
    #[error("{what} must be at most {max}, got {value}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The size asked for.
        value: usize,
        /// The largest size possible.
        max: usize,
    },
    /// A stored value is NaN or infinite.
    #[error("the value stored at row {row}, column {column} is {value}; values must be finite")]
    NotFinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
        /// The value.
        value: f64,
    },
    /// A matrix has no rows, no columns or no stored entries.
    #[error(
        "{what} has {rows} rows, {columns} columns and {stored} stored entries, none of them other than 0; there is nothing to learn from"
    )]
    Empty {
        /// The argument.
        what: &'static str,
        /// Its number of rows.
        rows: usize,
        /// Its number of columns.
        columns: usize,
        /// Its number of stored entries.
        stored: usize,
    },
    /// Two sizes that have to agree do not.
    #[error("{what} must be {expected}, got {actual}")]
    SizeMismatch {
        /// Which size.
        what: &'static str,
        /// The size that is right.
        expected: usize,
        /// The size that came.
        actual: usize,
    },
    /// An index was packed for another kind of search.
    #[error("the index must be of {wanted}, this one is of {got}")]
    WrongIndex {
        /// What is searched for.
        wanted: &'static str,
        /// What the index was packed for.
        got: &'static str,
    },
    /// The environment asks for instructions that the CPU does not have.
    #[error("PENCHANT_SIMD is {wanted}, but this CPU has {supported}")]
    NoSuchInstructions {
        /// What was asked for.
        wanted: String,
        /// What there is.
        supported: String,
    },
    /// A parameter lies outside its range.
    #[error("{name} must be {expected}, got {value}")]
    InvalidParameter {
        /// The parameter.
        name: &'static str,
        /// Its range, in words.
        expected: &'static str,
        /// The value that came.
        value: f64,
    },
    /// An id does not exist in the model.
    #[error("{what} {id} is outside the model, which has {len} of them")]
    IdOutOfRange {
        /// What kind of id.
        what: &'static str,
        /// The id that came.
        id: i64,
        /// How many there are.
        len: usize,
    },
    /// The factors became NaN or infinite.
    #[error(
        "the fit diverged in epoch {epoch}: the loss is not finite; less alpha or more regularization helps"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: usize,
    },
    /// The factors of rows that were folded in would not be finite.
    #[error(
        "the factors of the given rows are not finite: their values, or the fixed factors, are too large"
    )]
    NotFoldedIn,
    /// The products of features overflow, or span too many sizes to be told apart.
    #[error("the features are of too different sizes, or too large, to be regressed on: scale them")]
    FeaturesTooLarge,
    /// A matrix has no Cholesky factorization.
    #[error("the matrix of items is not positive definite to working precision: raise regularization")]
    NotPositiveDefinite,
    /// Numbers grow beyond what the precision of the values can hold.
    #[error(
        "the {what} are too large for the precision of the values: scale user_items down, or use float64"
    )]
    Overflow {
        /// Which numbers.
        what: &'static str,
    },
    /// The observer asked to stop in the middle of an epoch.
    #[error("interrupted")]
    Interrupted,
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What kind of failure it was.
        kind: std::io::ErrorKind,
        /// What the operating system said.
        reason: String,
    },
    /// A line or a row cannot be used, or nothing of a file can.
    #[error("{place}: {reason}")]
    BadRow {
        /// Where: a file and a line, or a row.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A stream of tables failed, or its columns are of types that cannot be used.
    #[error("{reason}")]
    Stream {
        /// What went wrong.
        reason: String,
    },
    /// Nobody is called so, or nothing.
    #[error("there is no {what} {label:?}{}", suggestion(close))]
    UnknownLabel {
        /// Of which side.
        what: &'static str,
        /// The label.
        label: String,
        /// Labels that are like it.
        close: Vec<String>,
    },
    /// A model of this kind cannot do that.
    #[error("{model} cannot {what}")]
    NotSupported {
        /// The model.
        model: String,
        /// What was asked for.
        what: &'static str,
    },
    /// Texts that are given as one do not end there.
    #[error("labels cannot end at byte {end} of their texts")]
    LabelEnds {
        /// The end.
        end: i64,
    },
    /// A label stands twice where all must differ.
    #[error("the label {label:?} stands twice; labels must differ")]
    RepeatedLabel {
        /// The label.
        label: String,
    },
    /// Labels of one kind were added to labels of the other.
    #[error("{what} are called by {}, but the new events call them by {}", kind(*integers), kind(!*integers))]
    LabelKind {
        /// The side.
        what: &'static str,
        /// Whether the labels so far are integers.
        integers: bool,
    },
    /// Integers that have no type in common.
    #[error(
        "some labels are below 0 and others above {}, which no type of integers has room for; make texts of them",
        i64::MAX
    )]
    LabelRange,
    /// Events with times were added to events without, or the other way round.
    #[error("the events so far have {}, so must the new ones", if *before { "times" } else { "no times" })]
    TimesDiffer {
        /// Whether the events so far have times.
        before: bool,
    },
    /// The events themselves are needed, and were not kept.
    #[error("the events were not kept: read them with keep_events")]
    NoLog,
    /// Times that cannot be seconds, where an age has to be told from them.
    #[error(
        "the times are numbers such as {time}, which cannot be seconds since 1970, and half_life or max_age is an age: \
         time_unit=\"{unit}\" would make that one {date}"
    )]
    TimesAreNoSeconds {
        /// The first of them.
        time: f64,
        /// The unit that they are likely to be in.
        unit: &'static str,
        /// The date that this makes of it.
        date: String,
    },
    /// Times that are dates written as numbers, where an age has to be told from them.
    #[error(
        "the times are numbers such as {time}, which as seconds are all in 1970, and half_life or max_age is an age: they \
         look like dates, which time_format=\"%Y%m%d\" makes of them"
    )]
    TimesAreDates {
        /// The latest of them.
        time: f64,
    },
    /// A pattern that no time can be read by.
    #[error("time_format cannot be {pattern:?}: {reason}")]
    TimePattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An option of files of lines that no file can have.
    #[error("{what} must be {expected}, got {value:?}")]
    LineFormat {
        /// The option.
        what: &'static str,
        /// The value that came.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A file is not a model, is cut short, or is of a newer version.
    #[error("not a model that can be opened: {reason}")]
    NotAModel {
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused to start the threads.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the operating system said.
        reason: String,
    },
}

fn suggestion(close: &[String]) -> String {
    if close.is_empty() {
        return String::new();
    }
    let close: Vec<String> = close.iter().map(|label| format!("{label:?}")).collect();
    format!("; did you mean {}?", close.join(" or "))
}

fn kind(integers: bool) -> &'static str {
    if integers { "integers" } else { "texts" }
}

/// A result whose error is [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Fails with [`Error::InvalidParameter`] unless rows of factors have at least one number.
pub(crate) fn check_factors(factors: usize) -> Result<()> {
    if factors == 0 {
        return Err(Error::InvalidParameter { name: "factors", expected: "at least 1", value: 0.0 });
    }
    Ok(())
}

/// Fails with [`Error::SizeMismatch`] unless the two sizes agree.
pub(crate) fn check_size(what: &'static str, expected: usize, actual: usize) -> Result<()> {
    if expected == actual { Ok(()) } else { Err(Error::SizeMismatch { what, expected, actual }) }
}

/// Fails with [`Error::IdOutOfRange`] unless every id is in `0..len`.
pub(crate) fn check_ids(what: &'static str, ids: &[i32], len: usize) -> Result<()> {
    match ids.iter().find(|&&id| usize::try_from(id).map_or(true, |id| id >= len)) {
        Some(&id) => Err(Error::IdOutOfRange { what, id: i64::from(id), len }),
        None => Ok(()),
    }
}
