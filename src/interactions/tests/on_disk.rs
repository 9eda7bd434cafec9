use proptest::prelude::*;

use super::*;

/// The arrays of a matrix in files.
fn arrays(folder: &std::path::Path, name: &str) -> (Vec<i64>, Vec<i32>, Vec<f32>) {
    let bytes = |array: &str| std::fs::read(folder.join(format!("{name}.{array}"))).unwrap();
    (
        bytes("indptr").as_chunks().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect(),
        bytes("indices").as_chunks().0.iter().map(|&bytes| i32::from_le_bytes(bytes)).collect(),
        bytes("values").as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
    )
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    let event = (0..9_u8, 0..7_u8, -2..4_i8, 0..9_u8).prop_map(|(user, item, weight, time)| Made {
        user: format!("u{user}"),
        item: format!("i{item}"),
        weight: f64::from(weight),
        time: f64::from(time),
    });
    prop::collection::vec(event, 1..80)
}

proptest! {
    #[test]
    fn files_hold_what_memory_would(
        events in made(),
        events_at_a_time in 1..100_usize,
        duplicates in prop::sample::select(vec![
            Duplicates::Sum, Duplicates::Count, Duplicates::Last, Duplicates::Max
        ]),
        half_life in prop::option::of(0.5..9.0),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let half_life = half_life.map(Age::Units);
        let memory = ReadOptions { duplicates, timed: true, half_life, ..ReadOptions::default() };
        let place = OnDisk { folder: folder.path().to_path_buf(), events_at_a_time };
        let disk = ReadOptions { on_disk: Some(place), ..memory.clone() };
        let table = MadeTable(events);
        let expected = Interactions::from_rows(&table, &memory).unwrap();
        let read = Interactions::from_rows(&table, &disk).unwrap();
        let of = |view: CsrView<'_, f32>| {
            (view.pattern().indptr().to_vec(), view.pattern().indices().to_vec(), view.values().to_vec())
        };
        prop_assert_eq!(arrays(folder.path(), "by_user"), of(expected.matrix()));
        prop_assert_eq!(arrays(folder.path(), "by_item"), of(expected.matrix().transpose().view()));
        prop_assert_eq!(texts(read.users()), texts(expected.users()));
        prop_assert_eq!(texts(read.items()), texts(expected.items()));
        prop_assert_eq!(read.report(), expected.report());
        prop_assert_eq!(read.matrix().stored(), 0);
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let options =
        ReadOptions { on_disk: Some(OnDisk { folder: file, events_at_a_time: 9 }), ..ReadOptions::default() };
    let event = Made { user: "u".into(), item: "i".into(), weight: 1.0, time: 0.0 };
    let read = Interactions::from_rows(&MadeTable(vec![event]), &options);
    assert!(matches!(read, Err(Error::Io { .. })), "{read:?}");
}
