//! Documents lead to each other: a link to a file of the project finds one.

use super::top;
use std::path::Path;

/// Links of a document that lead to no file.
pub fn lead_somewhere(path: &str, text: &str) -> Vec<String> {
    let folder = top().join(path).parent().map(Path::to_owned).unwrap_or_default();
    let lost = |target: &&str| !folder.join(target).exists();
    targets(text).filter(lost).map(|target| format!("a link to {target}")).collect()
}

/// Where the links of a document lead, those to the web and within the page left out.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files = links.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|file| !file.is_empty() && !file.contains("://"))
}
