//! The credentials that a request carries, to be taken out of what the platform answers: some of them
//! repeat what they do not understand, and their words become an error that is kept.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Request};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

/// Stands in the place of one.
const BLOT: &str = "[token]";
/// Headers with a credential, perhaps behind a word for its kind.
const HEADERS: [&str; 2] = ["authorization", "x-goog-api-key"];
/// Parameters of addresses and forms. Who has an upload's can send bytes into it.
const PARAMETERS: [&str; 5] = [
    "access_token",
    "client_secret",
    "refresh_token",
    "upload_id",
    "upload_token",
];
const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// Those of one request.
pub(crate) struct Credentials(Vec<SecretString>);

impl Credentials {
    pub(crate) fn of(request: &Request) -> Self {
        let in_headers = HEADERS.iter().filter_map(|name| {
            let value = request.headers().get(*name)?.to_str().ok()?;
            let last_word = value.rsplit(' ').next();
            last_word.map(str::to_owned)
        });
        let content_type = request.headers().get(CONTENT_TYPE);
        let is_form = content_type.is_some_and(|kind| kind.as_bytes().starts_with(FORM));
        let body = request.body().and_then(Body::as_bytes);
        let form = body.filter(|_| is_form).unwrap_or_default();
        let parameters = request
            .url()
            .query_pairs()
            .chain(form_urlencoded::parse(form))
            .filter(|(name, _)| PARAMETERS.contains(&name.as_ref()))
            .map(|(_, value)| value.into_owned());
        let all = in_headers.chain(parameters);
        Self(
            all.filter(|credential| !credential.is_empty())
                .map(SecretString::from)
                .collect(),
        )
    }

    /// The text without them.
    pub(crate) fn taken_out_of(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, credential| {
            text.replace(credential.expose_secret(), BLOT)
        })
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use reqwest::header::{AUTHORIZATION, HeaderValue};
    use url::Url;

    use super::*;

    type Checked = Result<(), Box<dyn std::error::Error>>;

    fn request(address: &str) -> Result<Request, url::ParseError> {
        Ok(Request::new(Method::PUT, Url::parse(address)?))
    }

    fn said(request: &Request, words: &str) -> String {
        Credentials::of(request).taken_out_of(words)
    }

    #[test]
    fn what_a_header_holds_is_taken_out_and_the_word_before_it_stays() -> Checked {
        let mut request = request("https://x.example/")?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("OAuth EAAB.1"));
        headers.insert("x-goog-api-key", HeaderValue::from_static("AIza-2"));
        let words = "OAuth token EAAB.1 and key AIza-2 are malformed: EAAB.1";
        let short = "OAuth token [token] and key [token] are malformed: [token]";
        assert_eq!(said(&request, words), short);
        Ok(())
    }

    #[test]
    fn what_an_address_or_a_form_holds_is_taken_out_by_its_name() -> Checked {
        let mut request = request("https://x.example/u?part=id&upload_id=up%2F1&upload_token=")?;
        assert_eq!(
            said(&request, "id up/1 is no upload id"),
            "id [token] is no upload id"
        );
        *request.body_mut() = Some("client_key=aw&refresh_token=rft.a%2Bb".into());
        assert_eq!(said(&request, "rft.a+b"), "rft.a+b", "no form");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        assert_eq!(said(&request, "aw rft.a+b"), "aw [token]");
        Ok(())
    }
}
