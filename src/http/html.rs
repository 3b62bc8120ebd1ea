//! Pages: one frame around what each of them shows, one way to escape text, one policy of what a browser may do with them.

use super::Response;

/// The media type of a page.
pub const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// What no page may do unless it says so: `default-src` does not stand for these directives.
const CLOSED: [(&str, &str); 3] = [("base-uri", "'none'"), ("form-action", "'none'"), ("frame-ancestors", "'none'")];

/// One page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'p> {
    /// Its title, as plain text.
    pub title: &'p str,
    /// HTML at the end of its head: styles; complete lines.
    pub head: &'p str,
    /// HTML of its body; complete lines. Text in it went through [`escaped`].
    pub body: &'p str,
    /// What it may load and do, directive by directive; everything else is forbidden (Content Security Policy, level 3).
    pub allows: &'p [(&'p str, &'p str)],
}

impl Page<'_> {
    /// The answer that shows it.
    pub fn answer(&self, status: u16) -> Response {
        Response::bytes(status, MEDIA_TYPE, self.html().into_bytes()).with("Content-Security-Policy", self.policy())
    }

    /// No search engine shall list a page of somebody's own installation.
    fn html(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n\
             <title>{}</title>\n{}</head>\n<body>\n{}</body>\n</html>\n",
            escaped(self.title),
            self.head,
            self.body
        )
    }

    fn policy(&self) -> String {
        let named = |directive: &str| self.allows.iter().any(|(name, _)| *name == directive);
        let closed = CLOSED.iter().filter(|(name, _)| !named(name));
        let directives = [("default-src", "'none'")].iter().chain(self.allows).chain(closed);
        directives.map(|(name, sources)| format!("{name} {sources}")).collect::<Vec<_>>().join("; ")
    }
}

/// Text as HTML shows it, in elements and in quoted attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page<'_> = Page { title: "a < b", head: "", body: "<p>c</p>\n", allows: &[] };

    fn policy(page: &Page<'_>) -> String {
        page.answer(200).header("Content-Security-Policy").unwrap_or_default().to_owned()
    }

    #[test]
    fn a_title_is_text_and_a_body_is_html() {
        let html = String::from_utf8(PAGE.answer(200).body).unwrap();
        assert!(html.contains("<title>a &lt; b</title>\n</head>\n<body>\n<p>c</p>\n</body>"), "{html}");
        assert_eq!(escaped("<a href=\"?x&y\">"), "&lt;a href=&quot;?x&amp;y&quot;&gt;");
    }

    #[test]
    fn a_page_may_do_what_it_says_and_nothing_else() {
        assert_eq!(policy(&PAGE), "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        let page = Page { allows: &[("img-src", "data:"), ("form-action", "'self'")], ..PAGE };
        let said = "default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(policy(&page), said, "a directive that is given twice would count as it was given first");
    }
}
