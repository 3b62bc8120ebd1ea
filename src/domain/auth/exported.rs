//! An export as it is sent: JSON that is written while the objects are read.

use super::export::Sink;
use crate::base::error::{Error, Result};
use crate::base::json;
use crate::http::Response;
use crate::http::spool::Spool;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// An object of JSON whose last member holds the lists.
pub struct Exported {
    spool: Spool,
    /// Is there a list before?
    behind_list: bool,
    /// Is there an object before in the list?
    behind_object: bool,
}

impl Exported {
    /// Begins with an object whose last member is one without members: the lists become its members. The file may lie in this folder.
    ///
    /// # Errors
    /// [`Spool::put`]'s.
    pub fn begin(folder: &Path, head: &impl Serialize) -> Result<Exported> {
        let mut spool = Spool::new(folder);
        let head = json::write(head)?;
        let open = head.strip_suffix("{}}").ok_or_else(|| Error::internal("an export without a place for its lists"))?;
        spool.put(open.as_bytes())?;
        spool.put(b"{")?;
        Ok(Exported { spool, behind_list: false, behind_object: false })
    }

    /// The answer.
    ///
    /// # Errors
    /// [`Spool::put`]'s.
    pub fn answer(mut self) -> Result<Response> {
        self.spool.put(if self.behind_list { b"]}}" } else { b"}}" })?;
        Ok(Response::spooled(self.spool.finish()?))
    }
}

impl Sink for Exported {
    fn list(&mut self, name: &str) -> Result<()> {
        let before = if self.behind_list { "]," } else { "" };
        (self.behind_list, self.behind_object) = (true, false);
        self.spool.put(format!("{before}{}:[", json::write(&name)?).as_bytes())
    }

    fn object(&mut self, object: Value) -> Result<()> {
        if std::mem::replace(&mut self.behind_object, true) {
            self.spool.put(b",")?;
        }
        self.spool.put(json::write(&object)?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exported(lists: &[(&str, &[Value])]) -> Value {
        let mut exported = Exported::begin(Path::new("/"), &json!({"at": 1, "data": {}})).unwrap();
        for (name, objects) in lists {
            exported.list(name).unwrap();
            objects.iter().try_for_each(|object| exported.object(object.clone())).unwrap();
        }
        serde_json::from_slice(&exported.answer().unwrap().body).unwrap()
    }

    #[test]
    fn lists_and_objects_stand_in_one_object() {
        assert_eq!(exported(&[]), json!({"at": 1, "data": {}}));
        let lists: [(&str, &[Value]); 3] = [("a", &[json!({"x": 1}), json!(2)]), ("b", &[]), ("\"", &[json!(null)])];
        assert_eq!(exported(&lists), json!({"at": 1, "data": {"a": [{"x": 1}, 2], "b": [], "\"": [null]}}));
    }

    #[test]
    fn a_head_without_a_place_is_a_defect() {
        assert!(Exported::begin(Path::new("/"), &json!({"data": {"a": 1}})).is_err());
    }
}
