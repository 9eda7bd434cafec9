//! Files of lines, against the reader of the crate `csv`.

use proptest::prelude::*;

use super::*;

pub(super) fn read(content: &[u8], format: &Format, options: &ReadOptions) -> Result<Interactions> {
    read_as("events.csv", content, format, options)
}

pub(super) fn read_as(
    name: &str,
    content: &[u8],
    format: &Format,
    options: &ReadOptions,
) -> Result<Interactions> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let read = Interactions::from_files(&[path], format, options, &());
    // The name of the folder is made up anew each time.
    read.map_err(|error| match error {
        Error::BadRow { place, reason } => {
            Error::BadRow { place: place.replace(&folder.path().display().to_string(), "."), reason }
        }
        other => other,
    })
}

pub(super) fn headless(weight: bool) -> Format {
    Format { header: false, weight: weight.then_some(Column::Place(2)), ..Format::default() }
}

fn events(content: &[u8], format: &Format) -> (Vec<(String, String, f32)>, u64) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quoting(format.quote != Quote::Never)
        .from_reader(content);
    let (mut events, mut bad, mut fields) = (Vec::new(), 0, None);
    for record in reader.byte_records() {
        let record = record.unwrap();
        let expected = *fields.get_or_insert(record.len());
        let text = |at: usize| String::from_utf8(record[at].to_vec()).ok().filter(|text| !text.is_empty());
        let weight = || text(2).and_then(|text| text.trim().parse::<f32>().ok()).filter(|w| w.is_finite());
        match (record.len() == expected).then(|| Some((text(0)?, text(1)?, weight()?))).flatten() {
            Some(event) => events.push(event),
            None => bad += 1,
        }
    }
    (events, bad)
}

/// A field that may need quotes, and get them.
fn field() -> impl Strategy<Value = String> {
    let text = prop_oneof!["[a-c]{1,3}", "[a-b,\"\n\r é]{0,6}", Just(String::new()), "-?[0-9]{1,3}"];
    (text, any::<bool>()).prop_map(|(text, quoted)| {
        if quoted || text.contains([',', '"', '\n', '\r']) || text.trim() != text {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    })
}

fn line() -> impl Strategy<Value = String> {
    let weight = prop_oneof![9 => "[0-9]{1,3}", 1 => "[0-9.x]{0,3}", 1 => " ?[0-9]e[0-3]"];
    let ending = prop::sample::select(vec!["\n", "\r\n", "\n\n", ",y\n"]);
    (field(), field(), weight, ending).prop_map(|(a, b, weight, end)| format!("{a},{b},{weight}{end}"))
}

proptest! {
    #[test]
    fn quoted_files_are_read_as_another_reader_reads_them(
        lines in prop::collection::vec(line(), 0..60),
        ends in any::<bool>(),
        threads in 1..4_usize,
    ) {
        let mut content = format!("u,i,1\n{}", lines.concat());
        if ends {
            content.truncate(content.trim_end().len());
        }
        let format = Format { texts: true, ..headless(true) };
        let options = ReadOptions { threads, ..ReadOptions::default() };
        let ours = read(content.as_bytes(), &format, &options).unwrap();
        let (events, bad) = events(content.as_bytes(), &format);
        prop_assert_eq!(ours.report().bad.count(), bad);
        prop_assert_eq!(ours.report().rows, events.len() as u64 + bad);
        prop_assert_eq!(texts(ours.users()), numbered(events.iter().map(|event| event.0.as_str())));
        prop_assert_eq!(texts(ours.items()), numbered(events.iter().map(|event| event.1.as_str())));
        let mut sums = BTreeMap::<_, f32>::new();
        for (user, item, weight) in events {
            *sums.entry((user, item)).or_default() += weight;
        }
        prop_assert_eq!(named(&ours), sums);
    }

    #[test]
    fn tab_separated_files_that_quote_are_read_as_another_reader_reads_them(
        rows in prop::collection::vec(("[ab\"\t\n,]{1,6}", "[ab\"\t\n,]{1,6}"), 1..40),
        threads in 1..3_usize,
    ) {
        let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(Vec::new());
        for (user, item) in &rows {
            writer.write_record([user, item]).unwrap();
        }
        let content = writer.into_inner().unwrap();
        let format = Format { texts: true, separator: Some("\t".into()), ..headless(false) };
        let ours = read(&content, &format, &ReadOptions { threads, ..ReadOptions::default() }).unwrap();
        prop_assert_eq!(ours.report().bad.count(), 0);
        prop_assert_eq!(texts(ours.users()), numbered(rows.iter().map(|row| row.0.as_str())));
        prop_assert_eq!(texts(ours.items()), numbered(rows.iter().map(|row| row.1.as_str())));
    }

    #[test]
    fn blanks_around_separators_and_line_ends_make_no_difference(
        rows in prop::collection::vec(("[a-c]{1,2}", "[0-9]{1,2}", 1..9_u32), 1..60),
        blanks in prop::collection::vec("[ \t]{0,2}", 6),
        end in prop::sample::select(vec!["\n", "\r\n", "\r\r\n", " \r\n", "\r"]),
    ) {
        let line = |blanks: &[String], end: &str| rows.iter().map(|(user, item, weight)| {
            let [a, b, c, d, e, f] = blanks else { panic!() };
            format!("{a}{user}{b},{c}{item}{d},{e}{weight}{f}{end}")
        }).collect::<String>();
        let bare = vec![String::new(); 6];
        let plain = read(line(&bare, "\n").as_bytes(), &headless(true), &ReadOptions::default()).unwrap();
        let ours = read(line(&blanks, end).as_bytes(), &headless(true), &ReadOptions::default()).unwrap();
        prop_assert_eq!(&ours, &plain);
        prop_assert!(ours.items().are_integers() || rows.iter().any(|row| row.1.starts_with('0') && row.1.len() > 1));
    }

    #[test]
    fn runs_of_blanks_separate(rows in prop::collection::vec(("[a-c]{1,2}", "[d-f]{1,2}", "[ \t]{1,3}"), 1..60)) {
        let text: String = rows.iter().map(|(user, item, gap)| format!(" {user}{gap}{item}{gap}\n")).collect();
        let format = Format { separator: Some("\\s+".into()), ..headless(false) };
        let ours = read(text.as_bytes(), &format, &ReadOptions::default()).unwrap();
        prop_assert_eq!(ours.report().bad.count(), 0);
        prop_assert_eq!(texts(ours.users()), numbered(rows.iter().map(|row| row.0.as_str())));
        prop_assert_eq!(texts(ours.items()), numbered(rows.iter().map(|row| row.1.as_str())));
    }

    #[test]
    fn lists_are_read_as_splitting_at_blanks_reads_them(
        rows in prop::collection::vec(prop::collection::vec(0..99_u32, 0..9), 2..60),
        counted in any::<bool>(),
    ) {
        let mut text = String::new();
        let mut expected = BTreeMap::<_, f32>::new();
        for (user, items) in rows.iter().enumerate() {
            let words: Vec<String> = items.iter().map(ToString::to_string).collect();
            let front = if counted { items.len().to_string() } else { format!("u{user}") };
            text.extend([front.as_str(), " ", &words.join(" "), "\n"]);
            for word in words {
                let user = if counted { user.to_string() } else { format!("u{user}") };
                *expected.entry((user, word)).or_default() += 1.0;
            }
        }
        let format = Format { content: Content::List, ..headless(false) };
        let ours = read_as("lists.txt", text.as_bytes(), &format, &ReadOptions::default()).unwrap();
        prop_assert_eq!(named(&ours), expected);
        let layout = if counted { "counted lists" } else { "lists" };
        prop_assert_eq!(ours.report().written.as_ref().unwrap().layout, layout);
    }

    #[test]
    fn any_bytes_give_interactions_or_an_error(content in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&content, &Format::default(), &ReadOptions::default());
        let _ = read(&content, &headless(true), &ReadOptions::default());
        for name in ["lists.txt", "events.jsonl", "events.tsv"] {
            let content_is = if name == "lists.txt" { Content::List } else { Content::Event };
            let (user, item) = ("u".into(), "i".into());
            let named = Format { content: content_is, user, item, comment: Some("#".into()), ..headless(false) };
            let _ = read_as(name, &content, &named, &ReadOptions::default());
        }
    }

    #[test]
    fn bad_lines_are_counted_where_they_are(
        lines in prop::collection::vec((0..30_u32, prop::bool::weighted(0.1)), 1..200),
    ) {
        let text: String = lines.iter().map(|(n, bad)| format!("u{n},i,{}\n", if *bad { "x" } else { "1" })).collect();
        let ours = read(text.as_bytes(), &headless(true), &ReadOptions::default()).unwrap();
        let bad: Vec<usize> = (1..=lines.len()).filter(|line| lines[line - 1].1).collect();
        prop_assert_eq!(ours.report().bad.count(), bad.len() as u64);
        for (line, described) in bad.iter().zip(ours.report().bad.described()) {
            let expected = format!("events.csv, line {line}: the weight is \"x\", not a finite number");
            prop_assert!(described.ends_with(&expected), "{} {}", described, expected);
        }
        let strict = read(text.as_bytes(), &headless(true), &ReadOptions { strict: true, ..ReadOptions::default() });
        match (strict, bad.first()) {
            (Err(Error::BadRow { place, .. }), Some(line)) => {
                prop_assert_eq!(place, format!("./events.csv, line {line}"));
            }
            (Ok(_), None) => {}
            (strict, bad) => prop_assert!(false, "{:?} {:?}", strict, bad),
        }
    }

    #[test]
    fn separators_may_be_long(rows in prop::collection::vec(("[a:]{1,3}", "[b:]{1,3}"), 1..60)) {
        let text: String = rows.iter().map(|(a, b)| format!("{a}::{b}\n")).collect();
        let format = Format { separator: Some("::".into()), ..headless(false) };
        let ours = read(text.as_bytes(), &format, &ReadOptions::default()).unwrap();
        let expected = text.lines().map(|line| line.split("::").collect::<Vec<_>>()).collect::<Vec<_>>();
        let width = expected[0].len();
        let good = expected.iter().filter(|row| row.len() == width && !row[0].is_empty() && !row[1].is_empty());
        prop_assert_eq!(texts(ours.users()), numbered(good.map(|row| row[0])));
    }
}
