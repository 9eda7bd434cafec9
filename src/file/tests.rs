use proptest::prelude::*;

use super::*;

fn small() -> (Model<f32>, Vec<u8>) {
    let model = Model::new(2, vec![1.0, 2.0, 3.0, 4.0], vec![5.0, 6.0]).expect("they are finite");
    let sides = [Some(Tensor::factors(model.user_factors())), Some(Tensor::factors(model.item_factors()))];
    let bytes =
        to_bytes(sides, BTreeMap::new(), BTreeMap::from([("note".into(), "π".into())])).expect("small");
    (model, bytes)
}

#[test]
fn what_was_written_is_read() -> Result<()> {
    let (model, bytes) = small();
    let Contents { users: Some(users), items: Some(items), about, .. } = from_bytes(&bytes)? else {
        panic!("both sides were written");
    };
    assert_eq!(users.values::<f32>()?, model.user_factors().data());
    assert_eq!(items.values::<f32>()?, model.item_factors().data());
    assert_eq!((users.shape, items.shape), ([2, 2], [1, 2]));
    assert_eq!(about["note"], "π");
    assert!(users.values::<f64>().is_err());
    Ok(())
}

#[test]
fn a_file_that_is_cut_short_or_goes_on_is_an_error() {
    let (_, bytes) = small();
    for end in 0..bytes.len() {
        assert!(matches!(from_bytes(&bytes[..end]), Err(Error::NotAModel { .. })), "cut at {end}");
    }
    assert!(from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn versions_and_formats_of_others_are_named() -> Result<()> {
    let version = |about: &[(&str, &str)]| -> Result<String> {
        let about = about.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        let read = from_bytes(&with_metadata([None, None], BTreeMap::new(), &about)?).map(|_| ());
        Ok(read.map_or_else(|error| error.to_string(), |()| "read".into()))
    };
    assert_eq!(version(&[("format_version", "1")])?, "read");
    assert!(version(&[("format_version", "2")])?.contains("newer"));
    assert!(version(&[])?.contains("no version"));
    let (_, bytes) = small();
    let at = bytes.windows(FORMAT.len()).position(|window| window == FORMAT.as_bytes()).expect("it is there");
    let other = [&bytes[..at], b"another format".as_slice(), &bytes[at + FORMAT.len()..]].concat();
    assert!(from_bytes(&other).is_err_and(|error| error.to_string().contains("format is another")));
    Ok(())
}

#[test]
fn writing_replaces_all_or_nothing() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model");
    assert!(write_atomically(&path, b"old").is_ok());
    assert!(write_atomically(&path, b"new").is_ok());
    assert_eq!(fs::read(&path)?, b"new");
    assert!(matches!(write_atomically(&path.join("below"), b"x"), Err(Error::Io { .. })));
    assert_eq!(fs::read_dir(folder.path())?.count(), 1);
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200), own in any::<bool>()) {
        if own && bytes.len() >= 8 {
            // A header length that fits, so that what follows is parsed.
            let length = (bytes.len() - 8) as u64;
            bytes[..8].copy_from_slice(&length.to_le_bytes());
        }
        prop_assert!(from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_is_a_model_or_an_error(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let (_, mut bytes) = small();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(Contents { users, items, .. }) = from_bytes(&bytes) {
            for side in [users, items].into_iter().flatten() {
                let values = side.values::<f32>();
                prop_assert!(values.map_or(true, |values| values.len() == side.shape[0] * side.shape[1]));
            }
        }
    }
}
