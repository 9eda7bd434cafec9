//! Columns of Arrow tables as labels: every type that can stand for one is met here once.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayAccessor, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, DictionaryArray,
    FixedSizeBinaryArray, LargeBinaryArray, PrimitiveArray, StringArray, StringArrayType,
};
use arrow_schema::{DataType, Field};

use crate::interactions::{Flaw, Part};
use crate::labels::Label;

/// The name of the type whose bytes are UUIDs.
pub(super) const UUID: &str = "arrow.uuid";

/// The extension type of a column, if it is of one: what it is stored as may mean something else.
pub(super) fn extension(field: &Field) -> Option<&str> {
    field.metadata().get("ARROW:extension:name").map(String::as_str)
}

/// A column of labels.
pub(in crate::python) trait Labelled: Sync + Send {
    /// The label in a row, if there is one.
    fn label(&self, row: usize) -> Option<Label<'_>>;

    /// Why there is none.
    fn flaw(&self, part: Part, row: usize) -> Flaw<'_> {
        let _ = row;
        Flaw::Missing(part)
    }
}

/// A column, and whether its labels are integers: `None` if nothing is in it.
pub(in crate::python) type Found = (Option<bool>, Box<dyn Labelled>);

struct Texts<A>(A);

impl<A: Sync + Send> Labelled for Texts<A>
where
    for<'a> &'a A: StringArrayType<'a>,
{
    fn label(&self, row: usize) -> Option<Label<'_>> {
        let texts = &self.0;
        // An empty text names nobody, as in files.
        (texts.is_valid(row) && !texts.value(row).is_empty()).then(|| Label::Text(texts.value(row)))
    }
}

/// Bytes that are texts, as some writers of Parquet have them.
struct Bytes<A>(A);

impl<A: Sync + Send> Labelled for Bytes<A>
where
    for<'a> &'a A: ArrayAccessor<Item = &'a [u8]>,
{
    fn label(&self, row: usize) -> Option<Label<'_>> {
        let column = &self.0;
        if column.is_null(row) || column.value(row).is_empty() {
            return None;
        }
        std::str::from_utf8(column.value(row)).ok().map(Label::Text)
    }

    fn flaw(&self, part: Part, row: usize) -> Flaw<'_> {
        let column = &self.0;
        let bytes = if column.is_null(row) { &[] } else { column.value(row) };
        if bytes.is_empty() { Flaw::Missing(part) } else { Flaw::NotText(part, bytes) }
    }
}

struct Integers<T: ArrowPrimitiveType>(PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Into<i64>>> Labelled for Integers<T> {
    fn label(&self, row: usize) -> Option<Label<'_>> {
        self.0.is_valid(row).then(|| Label::Integer(self.0.value(row).into()))
    }
}

/// Integers of which some may be too large for a sign.
struct Unsigned(PrimitiveArray<UInt64Type>);

impl Labelled for Unsigned {
    fn label(&self, row: usize) -> Option<Label<'_>> {
        self.0.is_valid(row).then(|| self.0.value(row).into())
    }
}

/// Whole decimal numbers, as databases have them.
struct Decimals(PrimitiveArray<Decimal128Type>);

impl Labelled for Decimals {
    fn label(&self, row: usize) -> Option<Label<'_>> {
        let value = self.0.is_valid(row).then(|| self.0.value(row))?;
        i64::try_from(value).map(Label::Integer).or_else(|_| u64::try_from(value).map(Label::from)).ok()
    }

    fn flaw(&self, part: Part, row: usize) -> Flaw<'_> {
        if self.0.is_null(row) { Flaw::Missing(part) } else { Flaw::NotWhole(part, self.0.value(row) as f64) }
    }
}

/// Floats that are whole numbers: what pandas makes of integers when one of them is missing.
struct Whole<T: ArrowPrimitiveType>(PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Into<f64>>> Labelled for Whole<T> {
    fn label(&self, row: usize) -> Option<Label<'_>> {
        whole(self.0.is_valid(row).then(|| self.0.value(row).into())?, Part::User).ok()
    }

    fn flaw(&self, part: Part, row: usize) -> Flaw<'_> {
        let value = if self.0.is_null(row) { f64::NAN } else { self.0.value(row).into() };
        whole(value, part).err().unwrap_or(Flaw::Missing(part))
    }
}

/// The integer that a float is; NaN is none, and others are flaws.
pub(in crate::python) fn whole(value: f64, part: Part) -> Result<Label<'static>, Flaw<'static>> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    match value {
        _ if value.is_nan() => Err(Flaw::Missing(part)),
        _ if value.fract() == 0.0 && value.abs() <= EXACT => Ok(Label::Integer(value as i64)),
        _ => Err(Flaw::NotWhole(part, value)),
    }
}

/// Codes into labels, as of a pandas categorical.
struct Coded<K: ArrowDictionaryKeyType> {
    codes: DictionaryArray<K>,
    labels: Box<dyn Labelled>,
}

impl<K: ArrowDictionaryKeyType> Labelled for Coded<K> {
    fn label(&self, row: usize) -> Option<Label<'_>> {
        self.labels.label(self.codes.key(row)?)
    }

    fn flaw(&self, part: Part, row: usize) -> Flaw<'_> {
        self.codes.key(row).map_or(Flaw::Missing(part), |code| self.labels.flaw(part, code))
    }
}

/// All values missing.
struct Nothing;

impl Labelled for Nothing {
    fn label(&self, _: usize) -> Option<Label<'_>> {
        None
    }
}

/// Yes and no, as kinds of events.
struct Flags(BooleanArray);

impl Labelled for Flags {
    fn label(&self, row: usize) -> Option<Label<'_>> {
        self.0.is_valid(row).then(|| Label::Text(if self.0.value(row) { "true" } else { "false" }))
    }
}

/// A column as kinds of events.
pub(in crate::python) fn kinds(column: &ArrayRef, field: &Field) -> Option<Box<dyn Labelled>> {
    match column.data_type() {
        DataType::Boolean => Some(Box::new(Flags(column.as_boolean().clone()))),
        _ => labels(column, field).map(|(_, kinds)| kinds),
    }
}

/// A column as labels; `None` if it cannot be that.
pub(in crate::python) fn labels(column: &ArrayRef, field: &Field) -> Option<Found> {
    macro_rules! integers {
        ($type:ty) => {
            Some((Some(true), Box::new(Integers(column.as_primitive::<$type>().clone()))))
        };
    }
    macro_rules! coded {
        ($type:ty) => {{
            let codes = column.as_dictionary::<$type>().clone();
            let (integers, labels) = labels(codes.values(), field)?;
            Some((integers, Box::new(Coded { codes, labels })))
        }};
    }
    macro_rules! bytes {
        ($type:ty) => {
            Some((Some(false), Box::new(Bytes(column.as_any().downcast_ref::<$type>()?.clone()))))
        };
    }
    match column.data_type() {
        DataType::Utf8 => Some((Some(false), Box::new(Texts(column.as_string::<i32>().clone())))),
        DataType::LargeUtf8 => Some((Some(false), Box::new(Texts(column.as_string::<i64>().clone())))),
        DataType::Utf8View => Some((Some(false), Box::new(Texts(column.as_string_view().clone())))),
        DataType::FixedSizeBinary(16) if extension(field) == Some(UUID) => {
            Some((Some(false), Box::new(Texts(uuids(column.as_fixed_size_binary())))))
        }
        DataType::Binary => bytes!(BinaryArray),
        DataType::LargeBinary => bytes!(LargeBinaryArray),
        DataType::BinaryView => bytes!(BinaryViewArray),
        DataType::FixedSizeBinary(_) => bytes!(FixedSizeBinaryArray),
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => Some((Some(true), Box::new(Unsigned(column.as_primitive().clone())))),
        DataType::Decimal128(_, 0) => Some((Some(true), Box::new(Decimals(column.as_primitive().clone())))),
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

/// UUIDs as they are usually written.
fn uuids(column: &FixedSizeBinaryArray) -> StringArray {
    let text = |bytes: &[u8]| {
        let hexadecimal = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hexadecimal[part]);
        parts.join("-")
    };
    column.iter().map(|value| value.map(text)).collect()
}
