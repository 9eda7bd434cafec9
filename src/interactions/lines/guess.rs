//! What separates the fields of a file: as its name and first line say, and as a message should guess.

use std::path::Path;

use super::compression::ENDINGS;
use super::format::{Content, Format, Quote};
use super::splitter::{Quoting, Separator, Splitter};

/// The name for any number of blanks.
pub(super) const BLANKS: &str = r"\s+";

/// What is likely to separate fields, what is more likely first.
const LIKELY: [&str; 6] = ["\t", ";", "|", "::", ",", BLANKS];

/// The name of a file in small letters, without what says how it is compressed.
fn bare_name(path: &Path) -> String {
    let name = path.to_string_lossy().to_ascii_lowercase();
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name).to_owned()
}

/// Whether the lines of a file are JSON objects.
pub(super) fn is_json(format: &Format, path: &Path) -> bool {
    let name = bare_name(path);
    let by_name = || [".jsonl", ".ndjson", ".json"].iter().any(|ending| name.ends_with(ending));
    format.content == Content::Json
        || (format.content == Content::Event && format.separator.is_none() && by_name())
}

/// The separator that a first line such as `sep=;` tells a spreadsheet, and how long that line is.
pub(super) fn told(bytes: &[u8]) -> Option<(String, usize)> {
    let end = memchr::memchr(b'\n', bytes)?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?.trim_end_matches('\r');
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let name = line.get(..4).filter(|name| name.eq_ignore_ascii_case("sep="))?;
    let separator = &line[name.len()..];
    (separator.chars().count() == 1 && separator != "\"").then(|| (separator.to_owned(), end + 1))
}

/// How to split the lines of a file that starts with these bytes.
pub(super) fn splitter(format: &Format, path: &Path, bytes: &[u8], told: Option<&str>) -> Splitter {
    let separator = format.separator.as_deref().or(told).unwrap_or_else(|| by_name(format, path, bytes));
    let quoting = match format.quote {
        Quote::Byte(quote) => Quoting::Open(quote),
        Quote::Auto if format.content == Content::List => Quoting::None,
        Quote::Auto if separator == "\t" => Quoting::Whole(b'"'),
        Quote::Auto => Quoting::Open(b'"'),
        Quote::Never => Quoting::None,
    };
    let separator =
        if separator == BLANKS { Separator::Blanks } else { Separator::Bytes(separator.as_bytes().to_vec()) };
    let comment = format.comment.clone().unwrap_or_default().into_bytes();
    Splitter { separator, quoting, comment, fields: 0 }
}

fn by_name(format: &Format, path: &Path, bytes: &[u8]) -> &'static str {
    let name = bare_name(path);
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let line = first_line(bytes);
    match () {
        () if ends(&[".tsv", ".tab"]) => "\t",
        () if ends(&[".csv"]) => ",",
        () if line.contains(&b'\t') => "\t",
        () if format.content == Content::List && !line.contains(&b',') => BLANKS,
        () => ",",
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default()
}

/// The separator as a message shows it.
pub(super) fn shown(separator: &Separator) -> String {
    match separator {
        Separator::Bytes(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Separator::Blanks => "blanks".into(),
    }
}

/// What a message says about the separator, where it may be the wrong one: `bytes` starts with the line that was
/// split into `fields` fields.
pub(super) fn advice(splitter: &Splitter, bytes: &[u8], fields: usize) -> String {
    let used = shown(&splitter.separator);
    let line = String::from_utf8_lossy(first_line(bytes));
    let count = |separator: &str| match separator {
        BLANKS => line.split_whitespace().count(),
        other => line.split(other).count(),
    };
    let better = LIKELY.into_iter().filter(|separator| count(separator) > fields.max(1));
    // The first of those with the most fields, but blanks only if there is nothing else.
    let better =
        better.reduce(|best, other| if other != BLANKS && count(other) > count(best) { other } else { best });
    match better {
        Some(better) => {
            let count = if fields == 1 { "one field".into() } else { format!("{fields} fields") };
            format!("; the line has {count} when split at {used}; is the separator {better:?}? sep says so")
        }
        None => format!("; fields are separated by {used}"),
    }
}
