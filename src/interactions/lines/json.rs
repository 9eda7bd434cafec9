//! Lines that hold an event each as a JSON object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::format::{Column, Format};
use super::input::Source;
use super::numbers::Numbers;
use crate::error::{Error, Result};
use crate::interactions::chunk::Chunk;
use crate::interactions::coder::Written;
use crate::interactions::event::{Flaw, Part, weighed};
use crate::interactions::options::ReadOptions;
use crate::interactions::report::Place;
use crate::interactions::time::Time;
use crate::labels::spelling::EXACT;

const PARTS: usize = 5;

/// The names of the values that are looked for, in the order of [`Part`].
#[derive(Debug, Clone)]
pub(super) struct Names {
    names: [Option<String>; PARTS],
    /// What is the same in all lines.
    constants: Vec<(String, String)>,
}

/// A value of an object.
#[derive(Debug, Clone, PartialEq)]
enum Value<'t> {
    Null,
    Flag(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Text(Cow<'t, str>),
    /// A list or an object.
    Other,
}

impl Names {
    pub(super) fn of(format: &Format, source: &Source) -> Result<Self> {
        let columns = [
            Some(&format.user),
            Some(&format.item),
            format.weight.as_ref(),
            format.time.as_ref(),
            format.kind.as_ref(),
        ];
        let mut names = [const { None }; PARTS];
        for (name, column) in names.iter_mut().zip(columns) {
            *name = match column {
                None => None,
                Some(Column::Name(column)) => Some(column.clone()),
                Some(Column::Place(place)) => {
                    let reason = format!("values in JSON have names, not positions such as {place}");
                    return Err(Error::BadRow { place: Place::Line(&source.path, 0).name(0), reason });
                }
            };
        }
        Ok(Self { names, constants: source.constants.clone() })
    }

    /// Hands the event of one line over.
    pub(super) fn event(
        &self,
        line: &[u8],
        numbers: &Numbers,
        options: &ReadOptions,
        chunk: &mut Chunk<'_, '_>,
    ) {
        let mut values = [const { Value::Null }; PARTS];
        for (value, name) in values.iter_mut().zip(&self.names) {
            let constant = self.constants.iter().find(|(other, _)| Some(other) == name.as_ref());
            if let Some((_, constant)) = constant {
                *value = Value::Text(Cow::Borrowed(constant.as_str()));
            }
        }
        let mut json = serde_json::Deserializer::from_slice(line);
        let found = json.deserialize_map(Object { names: &self.names, values: &mut values });
        if found.and_then(|()| json.end()).is_err() {
            return chunk.flaw(Flaw::NotJson);
        }
        let [user, item, weight, time, kind] = &values;
        let (kind_text, time_text) = (text(kind), text(time));
        let found = weighed(
            || match &*kind_text {
                _ if self.names[4].is_none() => Ok(1.0),
                "" => Err(Flaw::Missing(Part::Kind)),
                kind => options.weight_of_kind(kind.as_bytes()).ok_or(Flaw::UnknownKind(kind.as_bytes())),
            },
            || match number(weight, |text| numbers.weight(text)) {
                _ if self.names[2].is_none() => Ok(1.0),
                Ok(number) => number.ok_or(Flaw::Missing(Part::Weight)),
                Err(text) => Err(Flaw::NotANumber(Part::Weight, text.as_bytes())),
            },
            || {
                let read = match time {
                    _ if self.names[3].is_none() => return Ok(Time::Number(0.0)),
                    Value::Null => return Err(Flaw::Missing(Part::Time)),
                    Value::Text(text) => options.times.of_text(text.as_bytes(), |text| numbers.read(text)),
                    Value::Integer(_) | Value::Unsigned(_) | Value::Float(_) => {
                        let number = number(time, |_| None).ok().flatten();
                        number.and_then(|number| options.times.of_number(number))
                    }
                    Value::Flag(_) | Value::Other => None,
                };
                let by_pattern = options.times.pattern.is_some();
                read.ok_or(Flaw::NotATime { text: time_text.as_bytes(), by_pattern })
            },
        );
        let (amount, moment) = match found {
            Ok(Some(found)) => found,
            Ok(None) => return chunk.ignore(),
            Err(flaw) => return chunk.flaw(flaw),
        };
        let (user_text, item_text) = (text(user), text(item));
        match (label(user, &user_text, Part::User), label(item, &item_text, Part::Item)) {
            (Ok(user), Ok(item)) => chunk.passing_fields(user, item, amount, moment),
            (Err(flaw), _) | (_, Err(flaw)) => chunk.flaw(flaw),
        }
    }
}

/// The number that a value is.
fn number<'v>(
    value: &'v Value<'_>,
    read: impl Fn(&[u8]) -> Option<f64>,
) -> std::result::Result<Option<f64>, &'v str> {
    match value {
        Value::Null => Ok(None),
        Value::Flag(flag) => Ok(Some(f64::from(u8::from(*flag)))),
        Value::Integer(number) => Ok(Some(*number as f64)),
        Value::Unsigned(number) => Ok(Some(*number as f64)),
        Value::Float(number) => Ok(Some(*number)),
        Value::Text(text) if text.is_empty() => Ok(None),
        Value::Text(text) => read(text.as_bytes()).map(Some).ok_or(text),
        Value::Other => Err("a list or an object"),
    }
}

/// What a value looks like.
fn text<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Value::Integer(number) => Cow::Owned(number.to_string()),
        Value::Unsigned(number) => Cow::Owned(number.to_string()),
        Value::Float(number) => Cow::Owned(format!("{number:?}")),
        Value::Text(text) => Cow::Borrowed(text),
        Value::Other => Cow::Borrowed("a list or an object"),
    }
}

/// The label that a value is: what is a number in JSON is one, and what is a text stays one.
fn label<'v>(value: &Value<'_>, text: &'v str, part: Part) -> std::result::Result<Written<'v>, Flaw<'v>> {
    match value {
        Value::Null => Err(Flaw::Missing(part)),
        Value::Flag(_) | Value::Other => Err(Flaw::NoLabel(part)),
        Value::Float(number) if number.fract() != 0.0 || number.abs() > EXACT => {
            Err(Flaw::NotWhole(part, *number))
        }
        Value::Text(_) => Ok(Written::Text(text.as_bytes())),
        Value::Integer(_) | Value::Unsigned(_) | Value::Float(_) => Ok(Written::Field(text.as_bytes())),
    }
}

/// Takes the values with these names out of an object.
struct Object<'n, 'v, 't> {
    names: &'n [Option<String>; PARTS],
    values: &'v mut [Value<'t>; PARTS],
}

impl<'t> Visitor<'t> for Object<'_, '_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'t, str>>()? {
            let wanted = |other: &Option<String>| other.as_deref() == Some(&*name);
            if !self.names.iter().any(wanted) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<Value<'t>>()?;
            for (place, _) in self.names.iter().enumerate().filter(|(_, other)| wanted(other)) {
                self.values[place] = value.clone();
            }
        }
        Ok(())
    }
}

impl<'t> serde::Deserialize<'t> for Value<'t> {
    fn deserialize<D: serde::Deserializer<'t>>(json: D) -> std::result::Result<Self, D::Error> {
        json.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'t> Visitor<'t> for AnyValue {
    type Value = Value<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value<'t>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<Value<'t>, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Value<'t>, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Value<'t>, E> {
        Ok(Value::Unsigned(number))
    }

    fn visit_f64<E>(self, number: f64) -> std::result::Result<Value<'t>, E> {
        Ok(Value::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'t str) -> std::result::Result<Value<'t>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Value<'t>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> std::result::Result<Value<'t>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> std::result::Result<Value<'t>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

/// Fails for a file that is one JSON list.
pub(super) fn check_lines(source: &Source, bytes: &[u8]) -> Result<()> {
    if bytes.trim_ascii_start().first() != Some(&b'[') {
        return Ok(());
    }
    let reason = "a JSON list; what can be read is one object a line (JSON lines)".into();
    Err(Error::BadRow { place: Place::Line(&source.path, 0).name(0), reason })
}
