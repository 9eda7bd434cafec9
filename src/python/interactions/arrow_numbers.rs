//! Columns of Arrow tables as amounts and times.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, DictionaryArray, PrimitiveArray};
use arrow_schema::{DataType, Field, TimeUnit};

use super::arrow_labels::{Labelled, labels};
use crate::interactions::{Flaw, Part, Time, TimeFormat, number_of_text};
use crate::labels::Label;

/// A column of numbers.
pub(in crate::python) trait Numbered: Sync + Send {
    fn number(&self, row: usize) -> Option<f64>;
}

/// A column of times.
pub(in crate::python) trait Timed: Sync + Send {
    fn time(&self, row: usize, format: &TimeFormat) -> Result<Time, Flaw<'_>>;
}

/// All values missing.
struct Nothing;

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

/// Codes into values, as of a pandas categorical.
struct Coded<K: ArrowDictionaryKeyType, V: ?Sized> {
    codes: DictionaryArray<K>,
    values: Box<V>,
}

impl<K: ArrowDictionaryKeyType> Numbered for Coded<K, dyn Numbered> {
    fn number(&self, row: usize) -> Option<f64> {
        self.codes.key(row).and_then(|code| self.values.number(code))
    }
}

impl<K: ArrowDictionaryKeyType> Timed for Coded<K, dyn Timed> {
    fn time(&self, row: usize, format: &TimeFormat) -> Result<Time, Flaw<'_>> {
        self.codes.key(row).map_or(Err(Flaw::Missing(Part::Time)), |code| self.values.time(code, format))
    }
}

/// What `$value` makes of the values of a dictionary, behind its codes.
macro_rules! coded {
    ($column:expr, $key:expr, $value:expr) => {{
        macro_rules! with {
            ($type:ty) => {{
                let codes = $column.as_dictionary::<$type>().clone();
                let values = $value(codes.values())?;
                Some(Box::new(Coded { codes, values }))
            }};
        }
        match **$key {
            DataType::Int8 => with!(Int8Type),
            DataType::Int16 => with!(Int16Type),
            DataType::Int32 => with!(Int32Type),
            DataType::Int64 => with!(Int64Type),
            DataType::UInt8 => with!(UInt8Type),
            DataType::UInt16 => with!(UInt16Type),
            DataType::UInt32 => with!(UInt32Type),
            DataType::UInt64 => with!(UInt64Type),
            _ => None,
        }
    }};
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

/// A column as numbers; `None` if it cannot be that.
pub(in crate::python) fn numbers(column: &ArrayRef) -> Option<Box<dyn Numbered>> {
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
        DataType::Dictionary(key, _) => coded!(column, key, numbers),
        DataType::Null => Some(Box::new(Nothing)),
        _ => None,
    }
}

/// Seconds since 1970, as the type says.
struct Typed(Box<dyn Numbered>);

impl Timed for Typed {
    fn time(&self, row: usize, _: &TimeFormat) -> Result<Time, Flaw<'_>> {
        self.0.number(row).map(Time::Seconds).ok_or(Flaw::Missing(Part::Time))
    }
}

/// Numbers of which nobody says what they count.
struct Mere(Box<dyn Numbered>);

impl Timed for Mere {
    fn time(&self, row: usize, format: &TimeFormat) -> Result<Time, Flaw<'_>> {
        time_of_number(self.0.number(row).ok_or(Flaw::Missing(Part::Time))?, format)
    }
}

/// The time that a number is.
pub(in crate::python) fn time_of_number(number: f64, format: &TimeFormat) -> Result<Time, Flaw<'static>> {
    format.of_number(number).ok_or(Flaw::OddTime(number))
}

/// Times as text.
struct Texts(Box<dyn Labelled>);

impl Timed for Texts {
    fn time(&self, row: usize, format: &TimeFormat) -> Result<Time, Flaw<'_>> {
        match self.0.label(row) {
            Some(Label::Text(text)) => time_of_text(text, format),
            _ => Err(self.0.flaw(Part::Time, row)),
        }
    }
}

/// The time that a text says.
pub(in crate::python) fn time_of_text<'t>(text: &'t str, format: &TimeFormat) -> Result<Time, Flaw<'t>> {
    let text = text.as_bytes();
    let by_pattern = format.pattern.is_some();
    format.of_text(text, number_of_text).ok_or(Flaw::NotATime { text, by_pattern })
}

/// A column as times; `None` if it cannot be that.
pub(in crate::python) fn times(column: &ArrayRef, field: &Field) -> Option<Box<dyn Timed>> {
    let typed: Option<Box<dyn Numbered>> = match column.data_type() {
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
        DataType::Dictionary(key, _) => {
            return coded!(column, key, |values: &ArrayRef| times(values, field));
        }
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => return Some(Box::new(Texts(labels(column, field)?.1))),
        _ => return numbers(column).map(|numbers| Box::new(Mere(numbers)) as Box<dyn Timed>),
    };
    Some(Box::new(Typed(typed?)))
}
