//! What people's files have in them besides events: marks, kinds, introductions, open quotes, other separators.

use std::path::Path;

use super::files::{headless, read, read_as};
use super::*;

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
