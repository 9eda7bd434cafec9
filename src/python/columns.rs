//! Columns of Arrow tables as labels and numbers.
//!
//! Every type that can stand for a label, an amount or a time is met here once; the rest of the crate sees
//! [`Rows`]. Columns are validated when they come in, since whoever made them may have made mistakes.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayAccessor, ArrayRef, DictionaryArray, PrimitiveArray, RecordBatch, StringArrayType,
};
use arrow_schema::{DataType, TimeUnit};

use crate::interactions::{Event, Flaw, Label, Options, Part, Rows, parse_time};

/// A column of labels.
trait Labelled: Sync + Send {
    fn label(&self, row: usize) -> Result<Option<Label<'_>>, f64>;
}

/// A column of numbers.
trait Numbered: Sync + Send {
    /// NaN where there is text that is not a number.
    fn number(&self, row: usize) -> Option<f64>;
}

struct Texts<A>(A);

impl<A: Sync + Send> Labelled for Texts<A>
where
    for<'a> &'a A: StringArrayType<'a>,
{
    fn label(&self, row: usize) -> Result<Option<Label<'_>>, f64> {
        let texts = &self.0;
        // An empty text names nobody, as in files.
        Ok((texts.is_valid(row) && !texts.value(row).is_empty()).then(|| Label::Text(texts.value(row))))
    }
}

struct Integers<T: ArrowPrimitiveType>(PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Into<i64>>> Labelled for Integers<T> {
    fn label(&self, row: usize) -> Result<Option<Label<'_>>, f64> {
        Ok(self.0.is_valid(row).then(|| Label::Integer(self.0.value(row).into())))
    }
}

/// Integers of which some may be too large.
struct Unsigned(PrimitiveArray<UInt64Type>);

impl Labelled for Unsigned {
    fn label(&self, row: usize) -> Result<Option<Label<'_>>, f64> {
        if self.0.is_null(row) {
            return Ok(None);
        }
        let value = self.0.value(row);
        i64::try_from(value).map(|number| Some(Label::Integer(number))).map_err(|_| value as f64)
    }
}

/// Floats that are whole numbers: what pandas makes of integers when one of them is missing.
struct Whole<T: ArrowPrimitiveType>(PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Into<f64>>> Labelled for Whole<T> {
    fn label(&self, row: usize) -> Result<Option<Label<'_>>, f64> {
        let value: f64 = if self.0.is_null(row) { f64::NAN } else { self.0.value(row).into() };
        whole(value).map(|number| number.map(Label::Integer))
    }
}

/// The integer that a float is; NaN is none, and others are errors.
pub(super) fn whole(value: f64) -> Result<Option<i64>, f64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    match value {
        _ if value.is_nan() => Ok(None),
        _ if value.fract() == 0.0 && value.abs() <= EXACT => Ok(Some(value as i64)),
        _ => Err(value),
    }
}

/// Codes into labels, as of a pandas categorical.
struct Coded<K: ArrowDictionaryKeyType> {
    codes: DictionaryArray<K>,
    labels: Box<dyn Labelled>,
}

impl<K: ArrowDictionaryKeyType> Labelled for Coded<K> {
    fn label(&self, row: usize) -> Result<Option<Label<'_>>, f64> {
        self.codes.key(row).map_or(Ok(None), |code| self.labels.label(code))
    }
}

/// All values missing.
struct Nothing;

impl Labelled for Nothing {
    fn label(&self, _: usize) -> Result<Option<Label<'_>>, f64> {
        Ok(None)
    }
}

impl Numbered for Nothing {
    fn number(&self, _: usize) -> Option<f64> {
        None
    }
}

/// Numbers, `scale` of which make one.
struct Scaled<T: ArrowPrimitiveType> {
    values: PrimitiveArray<T>,
    scale: f64,
    number: fn(T::Native) -> f64,
}

impl<T: ArrowPrimitiveType> Numbered for Scaled<T> {
    fn number(&self, row: usize) -> Option<f64> {
        self.values.is_valid(row).then(|| (self.number)(self.values.value(row)) / self.scale)
    }
}

struct Flags(arrow_array::BooleanArray);

impl Numbered for Flags {
    fn number(&self, row: usize) -> Option<f64> {
        self.0.is_valid(row).then(|| f64::from(u8::from(self.0.value(row))))
    }
}

/// Times as text.
struct Moments(Box<dyn Labelled>);

impl Numbered for Moments {
    fn number(&self, row: usize) -> Option<f64> {
        match self.0.label(row) {
            Ok(Some(Label::Text(text))) => Some(parse_time(text.as_bytes()).unwrap_or(f64::NAN)),
            _ => None,
        }
    }
}

fn labels(column: &ArrayRef) -> Option<(Option<bool>, Box<dyn Labelled>)> {
    macro_rules! integers {
        ($type:ty) => {
            Some((Some(true), Box::new(Integers(column.as_primitive::<$type>().clone()))))
        };
    }
    macro_rules! coded {
        ($type:ty) => {{
            let codes = column.as_dictionary::<$type>().clone();
            let (integers, labels) = labels(codes.values())?;
            Some((integers, Box::new(Coded { codes, labels })))
        }};
    }
    match column.data_type() {
        DataType::Utf8 => Some((Some(false), Box::new(Texts(column.as_string::<i32>().clone())))),
        DataType::LargeUtf8 => Some((Some(false), Box::new(Texts(column.as_string::<i64>().clone())))),
        DataType::Utf8View => Some((Some(false), Box::new(Texts(column.as_string_view().clone())))),
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => Some((Some(true), Box::new(Unsigned(column.as_primitive().clone())))),
        DataType::Float32 => {
            Some((Some(true), Box::new(Whole(column.as_primitive::<Float32Type>().clone()))))
        }
        DataType::Float64 => {
            Some((Some(true), Box::new(Whole(column.as_primitive::<Float64Type>().clone()))))
        }
        DataType::Dictionary(key, _) => match **key {
            DataType::Int8 => coded!(Int8Type),
            DataType::Int16 => coded!(Int16Type),
            DataType::Int32 => coded!(Int32Type),
            DataType::Int64 => coded!(Int64Type),
            DataType::UInt8 => coded!(UInt8Type),
            DataType::UInt16 => coded!(UInt16Type),
            DataType::UInt32 => coded!(UInt32Type),
            DataType::UInt64 => coded!(UInt64Type),
            _ => None,
        },
        DataType::Null => Some((None, Box::new(Nothing))),
        _ => None,
    }
}

/// Numbers of an Arrow type, as [`Scaled`] has them.
macro_rules! scaled {
    ($column:expr, $type:ty, $scale:expr, $number:expr) => {
        Some(Box::new(Scaled {
            values: $column.as_primitive::<$type>().clone(),
            scale: $scale,
            number: $number,
        }))
    };
}

fn numbers(column: &ArrayRef) -> Option<Box<dyn Numbered>> {
    match column.data_type() {
        DataType::Int8 => scaled!(column, Int8Type, 1.0, f64::from),
        DataType::Int16 => scaled!(column, Int16Type, 1.0, f64::from),
        DataType::Int32 => scaled!(column, Int32Type, 1.0, f64::from),
        DataType::Int64 => scaled!(column, Int64Type, 1.0, |value| value as f64),
        DataType::UInt8 => scaled!(column, UInt8Type, 1.0, f64::from),
        DataType::UInt16 => scaled!(column, UInt16Type, 1.0, f64::from),
        DataType::UInt32 => scaled!(column, UInt32Type, 1.0, f64::from),
        DataType::UInt64 => scaled!(column, UInt64Type, 1.0, |value| value as f64),
        DataType::Float16 => scaled!(column, Float16Type, 1.0, f64::from),
        DataType::Float32 => scaled!(column, Float32Type, 1.0, f64::from),
        DataType::Float64 => scaled!(column, Float64Type, 1.0, |value| value),
        // What sums are in some databases.
        DataType::Decimal128(_, scale) => {
            scaled!(column, Decimal128Type, 10_f64.powi(i32::from(*scale)), |value| value as f64)
        }
        DataType::Boolean => Some(Box::new(Flags(column.as_boolean().clone()))),
        DataType::Null => Some(Box::new(Nothing)),
        _ => None,
    }
}

/// Seconds since 1970 where the type says that they are times; otherwise whatever the numbers are.
fn times(column: &ArrayRef) -> Option<Box<dyn Numbered>> {
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            scaled!(column, TimestampSecondType, 1.0, |value| value as f64)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled!(column, TimestampMillisecondType, 1e3, |value| value as f64)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            scaled!(column, TimestampMicrosecondType, 1e6, |value| value as f64)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            scaled!(column, TimestampNanosecondType, 1e9, |value| value as f64)
        }
        DataType::Date32 => scaled!(column, Date32Type, 1.0 / 86_400.0, f64::from),
        DataType::Date64 => scaled!(column, Date64Type, 1e3, |value| value as f64),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Some(Box::new(Moments(labels(column)?.1)))
        }
        _ => numbers(column),
    }
}

/// Which columns of a table say what, by place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) user: usize,
    pub(super) item: usize,
    pub(super) weight: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) kind: Option<usize>,
}

/// A table of events.
pub(super) struct Table<'o> {
    rows: usize,
    integers: (Option<bool>, Option<bool>),
    users: Box<dyn Labelled>,
    items: Box<dyn Labelled>,
    weights: Option<Box<dyn Numbered>>,
    times: Option<Box<dyn Numbered>>,
    kinds: Option<Box<dyn Labelled>>,
    options: &'o Options,
}

impl<'o> Table<'o> {
    /// Looks at the types of the columns, and whether their values are what they should be.
    pub(super) fn new(batch: &RecordBatch, places: Places, options: &'o Options) -> Result<Self, String> {
        let column = |part: Part, place: usize| {
            let column = batch.columns().get(place).ok_or_else(|| format!("there is no column {place}"))?;
            let broken = |error| format!("the column of the {part} is broken: {error}");
            column.to_data().validate_full().map_err(broken)?;
            Ok::<_, String>(column)
        };
        let wrong = |part: Part, expected: &str, column: &ArrayRef| {
            format!("the {part} must be {expected}, got {}", column.data_type())
        };
        let label = |part, place| {
            let column = column(part, place)?;
            let (integers, found) = labels(column).ok_or_else(|| wrong(part, "texts or integers", column))?;
            // A column in which all is missing is of no kind, whatever its type.
            Ok::<_, String>((integers.filter(|_| column.null_count() < column.len()), found))
        };
        let (user_integers, users) = label(Part::User, places.user)?;
        let (item_integers, items) = label(Part::Item, places.item)?;
        let weights = places.weight.map(|place| {
            let column = column(Part::Weight, place)?;
            numbers(column).ok_or_else(|| wrong(Part::Weight, "numbers", column))
        });
        let times = places.time.map(|place| {
            let column = column(Part::Time, place)?;
            times(column).ok_or_else(|| wrong(Part::Time, "times, dates or numbers", column))
        });
        let kinds = places.kind.map(|place| {
            let column = column(Part::Kind, place)?;
            match labels(column) {
                Some((None | Some(false), kinds)) => Ok(kinds),
                _ => Err(wrong(Part::Kind, "texts", column)),
            }
        });
        Ok(Self {
            rows: batch.num_rows(),
            integers: (user_integers, item_integers),
            users,
            items,
            weights: weights.transpose()?,
            times: times.transpose()?,
            kinds: kinds.transpose()?,
            options,
        })
    }
}

fn label(column: &dyn Labelled, part: Part, row: usize) -> Result<Label<'_>, Flaw<'_>> {
    match column.label(row) {
        Ok(Some(label)) => Ok(label),
        Ok(None) => Err(Flaw::Missing(part)),
        Err(number) => Err(Flaw::NotWhole(part, number)),
    }
}

impl Rows for Table<'_> {
    fn len(&self) -> usize {
        self.rows
    }

    fn integers(&self) -> (Option<bool>, Option<bool>) {
        self.integers
    }

    fn event(&self, row: usize) -> Result<Option<Event<'_>>, Flaw<'_>> {
        let mut weight = 1.0;
        let mut time = 0.0;
        if let Some(weights) = &self.weights {
            weight = weights.number(row).ok_or(Flaw::Missing(Part::Weight))?;
        }
        if let Some(times) = &self.times {
            time = times.number(row).ok_or(Flaw::Missing(Part::Time))?;
        }
        if let Some(kinds) = &self.kinds {
            let Label::Text(kind) = label(&**kinds, Part::Kind, row)? else {
                return Err(Flaw::Missing(Part::Kind));
            };
            match self.options.weight_of_kind(kind.as_bytes()) {
                Some(0.0) => return Ok(None),
                Some(factor) => weight *= factor,
                None => return Err(Flaw::UnknownKind(kind.as_bytes())),
            }
        }
        let user = label(&*self.users, Part::User, row)?;
        let item = label(&*self.items, Part::Item, row)?;
        Ok(Some(Event { user, item, weight, time }))
    }
}
