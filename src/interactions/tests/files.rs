//! Files of lines, against the reader of the crate `csv`.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn read(content: &[u8], format: &Format, options: &ReadOptions) -> Result<Interactions> {
    read_as("events.csv", content, format, options)
}

fn read_as(name: &str, content: &[u8], format: &Format, options: &ReadOptions) -> Result<Interactions> {
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

fn headless(weight: bool) -> Format {
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

#[test]
fn labels_are_integers_only_if_all_of_them_are() {
    let numbers: String = (0..50).map(|n| format!("{n},{}\n", n % 7)).collect();
    let read_with = |more: &str, texts| {
        let format = Format { texts, ..headless(false) };
        read(format!("{numbers}{more}").as_bytes(), &format, &ReadOptions::default()).unwrap()
    };
    assert!(read_with("", false).users().are_integers());
    assert!(!read_with("", true).users().are_integers());
    let mixed = read_with("007,3\n", false);
    assert!(!mixed.users().are_integers() && mixed.items().are_integers());
    assert_eq!(mixed.users().code(Label::Text("49")), Some(49));
    assert_eq!(mixed.users().code(Label::Text("007")), Some(50));
    assert_eq!(mixed.report().bad.count(), 0);
}

#[test]
fn later_labels_must_be_of_the_kind_that_was_shown() {
    let before = read(b"1,2\n", &headless(false), &ReadOptions::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("more.csv");
    std::fs::write(&path, "x,2\n3,2\n").unwrap();
    let after = before.with_files(&[path], &headless(false), &()).unwrap();
    assert_eq!(texts(after.users()), ["1", "3"]);
    assert!(after.report().bad.described()[0].ends_with("line 1: the user is \"x\", not an integer"));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_says_where() {
    let format =
        Format { weight: Some("plays".into()), user: "who".into(), item: "what".into(), ..Format::default() };
    let wrong = |content: &[u8], reason: &str| match read(content, &format, &ReadOptions::default()) {
        Err(Error::BadRow { place, reason: why }) => {
            assert_eq!(place, "./events.csv, line 1");
            assert!(why.contains(reason), "{why}");
        }
        other => panic!("{other:?}"),
    };
    wrong(b"", "the file is empty");
    wrong(b"who,what\na,b\n", "no column is called \"plays\"; there are \"who\", \"what\"");
    wrong(b"who,what,plays,plays\n", "several columns are called \"plays\"");
    wrong(b"\xff\xfew\0h\0o\0", "UTF-16");
    wrong(b"PAR1\0\0", "Parquet");
    wrong(b"PK\x03\x04", "zip");
    let missing = Interactions::from_files(&["/nowhere".into()], &format, &ReadOptions::default(), &());
    assert!(matches!(missing, Err(Error::Io { path, .. }) if path == Path::new("/nowhere")));
}

#[test]
fn a_quote_that_is_never_closed_costs_its_line_alone() {
    let long: String = (0..300).map(|n| format!("u{n},i\n")).collect();
    let text = format!("a,b\n\"c,d\n{long}");
    let ours = read(text.as_bytes(), &headless(false), &ReadOptions::default()).unwrap();
    assert_eq!((ours.users().len(), ours.report().bad.count()), (301, 1));
    assert!(ours.report().bad.described()[0].ends_with("line 2: a quote is never closed"));
}

#[test]
fn a_line_without_an_end_is_not_read_into_memory() {
    let text = format!("a,b\n{}", "x".repeat(1 << 16));
    match read(text.as_bytes(), &headless(false), &ReadOptions::default()) {
        Err(Error::BadRow { place, reason }) => {
            assert_eq!(place, "./events.csv, line 2");
            assert!(reason.contains("is this a text file?"), "{reason}");
        }
        // One line of the wrong number of fields, if it fits into a round.
        Ok(read) => assert_eq!(read.report().bad.count(), 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn marks_gzip_and_several_files_are_read() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let paths = [folder.path().join("a.tsv"), folder.path().join("b.tsv.gz")];
    std::fs::write(&paths[0], "\u{feff}user\titem\r\nann\t\"x\r\n").unwrap();
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(b"item\tuser\ny\tann\nz\tbob").unwrap();
    std::fs::write(&paths[1], zipped.finish().unwrap()).unwrap();
    let format = Format { user: "user".into(), item: "item".into(), ..Format::default() };
    let ours = Interactions::from_files(&paths, &format, &ReadOptions::default(), &()).unwrap();
    assert_eq!(texts(ours.users()), ["ann", "bob"]);
    assert_eq!(texts(ours.items()), ["\"x", "y", "z"]);
    std::fs::write(&paths[1], &std::fs::read(&paths[1]).unwrap()[..20]).unwrap();
    let cut = Interactions::from_files(&paths, &format, &ReadOptions::default(), &());
    assert!(matches!(cut, Err(Error::Io { .. })), "{cut:?}");
}

#[test]
fn kinds_weigh_what_they_are_given() {
    let kinds = vec![("view".into(), 1.0), ("buy".into(), 10.0), ("bot".into(), 0.0)];
    let options = ReadOptions { kinds, ..ReadOptions::default() };
    let format = Format { kind: Some(Column::Place(2)), ..headless(false) };
    let ours = read(b"u,i,view\nu,i,buy\nu,j,bot\nu,k,sell\n", &format, &options).unwrap();
    assert_eq!(ours.matrix().values(), [11.0]);
    assert_eq!((ours.report().ignored, ours.report().bad.count(), ours.report().rows), (1, 1, 4));
    assert!(ours.report().bad.described()[0].ends_with("line 4: the kind is \"sell\", which has no weight"));
}

#[test]
fn what_would_swallow_many_good_lines_is_no_quoted_field() {
    let lines: String = (0..50).map(|n| format!("u{n}\t5\n")).collect();
    let text = format!("\"Heroes\t1\n{lines}Live 12\"\t7\n\"Earth, Wind & Fire\"\t2\nc\t\"two\nlines\"\n");
    let ours = read_as(
        "plays.tsv",
        text.as_bytes(),
        &Format { texts: true, ..headless(false) },
        &ReadOptions::default(),
    );
    let ours = ours.unwrap();
    assert_eq!(ours.report().bad.count(), 0);
    assert_eq!(texts(ours.users())[0], "\"Heroes");
    assert_eq!(&texts(ours.users())[51..], ["Live 12\"", "Earth, Wind & Fire", "c"]);
    assert_eq!(texts(ours.items())[4], "two\nlines");
}

#[test]
fn integers_written_with_a_point_are_integers_if_all_are() {
    let read = |text: &str| read(text.as_bytes(), &headless(false), &ReadOptions::default()).unwrap();
    let pointed = read(&(0..40).map(|n| format!("{n}.0,{n}\n")).collect::<String>());
    assert_eq!(pointed.users().code(Label::Integer(39)), Some(39));
    let mixed = read(&(0..40).map(|n| format!("{n}.0,x\n")).chain(["7,x\n".into()]).collect::<String>());
    assert_eq!(mixed.users().get(7), Some(Label::Text("7.0")));
    assert_eq!(mixed.users().get(40), Some(Label::Text("7")));
    let large = read("18446744073709551615,a\n5,a\n");
    assert_eq!(large.users().get(0), Some(Label::Unsigned(u64::MAX)));
    let both = read("18446744073709551615,a\n-5,a\n");
    assert_eq!(both.users().get(0), Some(Label::Text("18446744073709551615")));
}

#[test]
fn what_stands_before_the_events_is_passed_over() {
    let format = Format {
        comment: Some("#".into()),
        skip: 1,
        user: "u".into(),
        item: "i".into(),
        ..Format::default()
    };
    let ours =
        read(b"an export\nsep=;\n# of today\nu;i\n#x\na;b\n\"c;d\";e\n", &format, &ReadOptions::default());
    let ours = ours.unwrap();
    assert_eq!(texts(ours.users()), ["a", "c;d"]);
    assert_eq!(ours.report().written.as_ref().unwrap().separator, "\";\"");
    assert_eq!(ours.report().bad.count(), 0);
}

#[test]
fn a_wrong_separator_is_named_and_the_right_one_guessed() {
    let reason = |text: &str, format: &Format| match read(text.as_bytes(), format, &ReadOptions::default()) {
        Err(Error::BadRow { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let dat = reason("1::2::5\n", &headless(true));
    assert!(dat.contains("one field when split at \",\"; is the separator \"::\"?"), "{dat}");
    let named = Format { user: "user".into(), item: "item".into(), ..Format::default() };
    assert!(reason("\"user\";\"item\"\n", &named).contains("is the separator \";\"?"));
    assert!(reason("user item\n", &named).contains("is the separator \"\\\\s+\"?"));
    assert!(reason("who,item\n", &named).ends_with("fields are separated by \",\""));
}

#[test]
fn a_first_line_that_is_an_event_is_no_header() {
    let format = |weight: Option<usize>| Format { weight: weight.map(Into::into), ..Format::default() };
    for (text, weight) in [("196,242,3\n1,2,3\n", Some(2)), ("196,242\n1,2\n", None)] {
        let error = read(text.as_bytes(), &format(weight), &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("header=False"), "{error}");
    }
    assert!(read(b"0,1,2\na,b,3\n", &format(None), &ReadOptions::default()).is_ok());
}

#[test]
fn lines_of_json_are_read_by_name_and_type() {
    let text = concat!(
        "{\"u\": 1, \"i\": \"7\", \"w\": true, \"x\": [1, {}]}\n",
        "\n{\"i\": \"\\u00e9\", \"u\": 18446744073709551615, \"w\": 2.5}\r\n",
        "{\"u\": null, \"i\": \"7\", \"w\": 1}\n{\"u\": 1, \"i\"\n[1]\n{\"u\": 1.0, \"i\": {}, \"w\": 1}\n",
    );
    let format = Format { user: "u".into(), item: "i".into(), weight: Some("w".into()), ..Format::default() };
    let ours = read_as("events.jsonl", text.as_bytes(), &format, &ReadOptions::default()).unwrap();
    assert_eq!(texts(ours.users()), ["1", "18446744073709551615"]);
    assert!(ours.users().are_unsigned());
    assert_eq!(texts(ours.items()), ["7", "é"]);
    assert_eq!(ours.matrix().values(), [1.0, 2.5]);
    let reasons = ["no user", "not a JSON object", "not a JSON object", "the item is neither"];
    for (described, reason) in ours.report().bad.described().iter().zip(reasons) {
        assert!(described.contains(reason), "{described}");
    }
    assert_eq!(ours.report().bad.count(), 4);
}
