//! Bodies of the log, as a damaged disk or a hostile export may have them.

use osier::content::commit::{Body, FORMAT};

/// What can be read is read again as it is when it is written, and costs no more than its bytes can hold.
pub fn target(bytes: &[u8]) {
    for format in [FORMAT, FORMAT - 1, FORMAT + 1, i16::MIN, i16::MAX] {
        let Ok(body) = Body::decode(format, bytes) else { continue };
        assert_eq!(format, FORMAT, "a format nobody wrote");
        let again = Body::decode(FORMAT, &body.encode().unwrap().bytes).unwrap();
        assert_eq!(again.changes, body.changes);
        assert_eq!((again.ops, again.ids, again.summary), (body.ops, body.ids, body.summary));
        assert_eq!((again.pages, again.target, again.salt), (body.pages, body.target, body.salt));
    }
}
