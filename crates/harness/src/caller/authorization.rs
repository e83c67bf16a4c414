//! The harness as a browser and a client in the authorization code flow (RFC 6749 §4.1).

use locum_core::Secret;

use super::login_page::LoginForm;
use super::oauth::{SAME_LOGIN, unknown};
use super::token_request::encode;
use crate::Error;
use crate::caller::{TokenRequest, vary_login};
use crate::catalogue::Supplied;
use crate::evidence::{
    AuthorizeVariation, CodeVariation, FieldChange, LoginVariation, Operation, Variation,
};
use crate::http::{Reply, Request, Url};
use crate::run::context::ScenarioContext;

/// The verifier and the challenge of RFC 7636, Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A verifier that no challenge is made of.
const OTHER_VERIFIER: &str = "another-verifier-0123456789-0123456789-0123";

/// What comes back unchanged: visible characters and a space (RFC 6749, Appendix A.5), among them
/// those that encodings change.
const STATE: &str = "locum+state/1 =%41&";

/// What comes back in the id token (OpenID Connect Core 1.0 §3.1.2.1).
const NONCE: &str = "locum-nonce-0123456789";

/// The longest life of a code that RFC 6749 §4.1.2 recommends, in seconds.
const CODE_LIFETIME_S: f64 = 600.0;

/// A site that no client is of (RFC 2606 §2).
const FOREIGN_ORIGIN: &str = "https://elsewhere.example";

/// A login is so many pages and redirects long at most.
const MAX_PAGES: usize = 8;

/// A browser without a memory but its cookies.
#[derive(Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn request(&self, method: &str, url: &Url, form: Option<String>) -> Request {
        let mut request = Request::new(method, &url.target).header("Accept", "text/html");
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !pairs.is_empty() {
            request = request.header("Cookie", &pairs.join("; "));
        }
        if let Some(form) = form {
            request = request
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form.as_str());
        }
        request
    }

    /// Takes the cookies of a reply (RFC 6265 §5.2); attributes are not looked at, since the browser
    /// visits one site and lives for one login.
    fn learn(&mut self, reply: &Reply) {
        let lines = reply.headers.iter();
        let lines = lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, line) in lines {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            self.cookies.retain(|(known, _)| *known != name);
            if !value.is_empty() {
                self.cookies.push((name, value));
            }
        }
    }
}

impl ScenarioContext {
    /// Sends an authorization request: as documented, or with the one thing changed that
    /// `variation` names. Redirects to a page of the vendor's own are followed.
    pub async fn authorize(&mut self, variation: &Variation) -> Result<(), Error> {
        let change = match variation {
            Variation::Documented => None,
            Variation::Authorize(change) => Some(*change),
            other => return Err(unknown("authorization request", other)),
        };
        let registered = self.redirect_uri()?;
        let named = change.map_or_else(
            || registered.clone(),
            |change| bent(&registered, change).unwrap_or_default(),
        );
        if named.is_empty() {
            self.log
                .limitation("the redirect URI cannot be bent like that");
            return Ok(());
        }
        let mut pairs = self.authorization_parameters(&named, true);
        if let Some(change) = change {
            vary(change, &mut pairs);
        }
        let url = self.authorization_url(&pairs)?;
        let mut request = Browser::default().request("GET", &url, None);
        if change == Some(AuthorizeVariation::Preflight) {
            "OPTIONS".clone_into(&mut request.method);
            request = request.header("Access-Control-Request-Method", "GET");
        }
        let is_foreign = matches!(
            change,
            Some(AuthorizeVariation::Preflight | AuthorizeVariation::ForeignOrigin)
        );
        if is_foreign {
            request = request.header("Origin", FOREIGN_ORIGIN);
        }
        let mut browser = Browser::default();
        let mut reply = self
            .exchange(Operation::Authorize, None, variation, &url, &request)
            .await;
        let mut at = url;
        let followed = Variation::Authorize(AuthorizeVariation::Followed);
        for _ in 0..MAX_PAGES {
            let Some(answer) = reply.filter(|_| change.is_none()) else {
                break;
            };
            browser.learn(&answer);
            let Some(next) = redirect(&at, &answer).filter(|next| next.same_origin(&at)) else {
                break;
            };
            at = next;
            let request = browser.request("GET", &at, None);
            reply = self
                .exchange(Operation::Authorize, None, &followed, &at, &request)
                .await;
        }
        Ok(())
    }

    /// Exchanges a code for tokens: a fresh one as documented, or with the one thing changed that
    /// `variation` names.
    pub async fn redeem(&mut self, variation: &Variation) -> Result<(), Error> {
        let change = match variation {
            Variation::Documented => None,
            Variation::Code(change) => Some(*change),
            other => return Err(unknown("exchange of a code", other)),
        };
        if change == Some(CodeVariation::Late) {
            self.may_outlive_a_code()?;
        }
        let registered = self.redirect_uri()?;
        let has_challenge = change.is_none_or(CodeVariation::has_challenge);
        let code = match change.is_some_and(CodeVariation::shows_the_code_before) {
            true => self.code.clone(),
            false => self.fresh_code(&registered, has_challenge).await?,
        };
        let Some(code) = code else {
            return Ok(());
        };
        if change == Some(CodeVariation::Late) {
            self.advance(CODE_LIFETIME_S + 1.0).await?;
        }
        let target = match change {
            Some(CodeVariation::ByAnotherClient) => self.target_of(Supplied::AnotherClient)?,
            _ => self.target.clone(),
        };
        let mut login = TokenRequest::of_client(&self.profile, &target)?;
        let in_other_case = VERIFIER.to_ascii_lowercase();
        let verifier = match change {
            Some(CodeVariation::NoVerifier | CodeVariation::NoChallenge) => None,
            Some(CodeVariation::OtherVerifier) => Some(OTHER_VERIFIER),
            Some(CodeVariation::EmptyVerifier) => Some(""),
            Some(CodeVariation::VerifierInOtherCase) => Some(in_other_case.as_str()),
            Some(CodeVariation::ChallengeForVerifier) => Some(CHALLENGE),
            _ => Some(VERIFIER),
        };
        let named = match change {
            Some(CodeVariation::OtherRedirectUri) => format!("{registered}/x-locum"),
            _ => registered,
        };
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", &named),
        ];
        pairs.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        if change == Some(CodeVariation::NoRedirectUri) {
            pairs.retain(|(name, _)| *name != "redirect_uri");
        }
        let pairs = pairs.into_iter();
        login.parameters = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if change == Some(CodeVariation::OtherSecret) {
            let field = login.credential_fields[1].0.clone();
            vary_login(
                &LoginVariation::Field(FieldChange::Other, field),
                &mut login,
            );
            self.hide_credential_fields(&login);
        }
        self.code = Some(code);
        let request = login.request();
        let reply = self
            .exchange(Operation::Redeem, None, variation, &login.url, &request)
            .await;
        if let (None, Some(reply)) = (change, reply) {
            self.hold(&reply.json());
        }
        Ok(())
    }

    fn redirect_uri(&mut self) -> Result<String, Error> {
        let supplied = self.supplied(Supplied::RedirectUri)?;
        let uri = supplied.get("redirect_uri").and_then(|uri| uri.as_str());
        Ok(uri.unwrap_or_default().to_owned())
    }

    /// Whether the longest life may pass that a code should have. Of a real endpoint that is waited for
    /// or not at all: a code can't be kept for a later run.
    fn may_outlive_a_code(&mut self) -> Result<(), Error> {
        if self.stage.is_none() && self.manners.wait.as_secs_f64() < CODE_LIFETIME_S + 1.0 {
            return Err(self.lacks("the end of a code is not waited for (--wait 11m)"));
        }
        Ok(())
    }

    /// What an authorization request says (RFC 6749 §4.1.1, RFC 7636 §4.3).
    fn authorization_parameters(
        &self,
        redirect_uri: &str,
        has_challenge: bool,
    ) -> Vec<(String, String)> {
        let id = self.target.credential("client_id");
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid"),
            ("state", STATE),
            ("nonce", NONCE),
        ];
        if has_challenge {
            pairs.push(("code_challenge", CHALLENGE));
            pairs.push(("code_challenge_method", "S256"));
        }
        let pairs = pairs.into_iter();
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    fn authorization_url(&self, pairs: &[(String, String)]) -> Result<Url, Error> {
        let url = format!("{}?{}", self.target.url("authorize")?, encode(pairs));
        Url::parse(&url).map_err(|error| Error::Step(error.to_string()))
    }

    /// Sends the vendor's login page in each of these ways, and rightly behind each: an account that
    /// locks itself after several failures in a row meets none.
    pub async fn submit_wrongly(&mut self, ways: &[Variation]) -> Result<(), Error> {
        let registered = self.redirect_uri()?;
        for way in ways {
            self.code_of_page(&registered, true, way).await?;
            self.code_of_page(&registered, true, &Variation::Documented)
                .await?;
        }
        Ok(())
    }

    /// Logs a person in at the vendor's own page, in a browser that knows nobody; `None` when no code
    /// came of it.
    async fn fresh_code(
        &mut self,
        redirect_uri: &str,
        has_challenge: bool,
    ) -> Result<Option<Secret>, Error> {
        self.code_of_page(redirect_uri, has_challenge, &Variation::Documented)
            .await
    }

    /// Name and password of a person as the page is to get them: with the one thing changed that
    /// `variation` names, or `None` where that changes nothing.
    fn shown_at_page(&mut self, variation: &Variation) -> Result<Option<(String, String)>, Error> {
        let person = self.supplied(Supplied::Person)?;
        let text = |name: &str| {
            let text = person.get(name).and_then(|text| text.as_str());
            text.unwrap_or_default().to_owned()
        };
        let right = (text("username"), text("password"));
        let Variation::Login(change) = variation else {
            return Ok(Some(right));
        };
        let mut login = TokenRequest::of_client(&self.profile, &self.target)?;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        login.parameters = vec![pair("username", &right.0), pair("password", &right.1)];
        vary_login(change, &mut login);
        let shown = |name: &str| {
            let mut pairs = login.parameters.iter();
            let found = pairs.find(|(known, _)| known == name);
            found.map_or_else(String::new, |(_, value)| value.clone())
        };
        let shown = (shown("username"), shown("password"));
        if shown == right {
            self.log.limitation(SAME_LOGIN);
            return Ok(None);
        }
        self.log.hide(&shown.1, "changed password of a person");
        Ok(Some(shown))
    }

    /// The same, where what `variation` names is changed in what the page is sent. A page that gives no
    /// code for the right password could not be driven.
    async fn code_of_page(
        &mut self,
        redirect_uri: &str,
        has_challenge: bool,
        variation: &Variation,
    ) -> Result<Option<Secret>, Error> {
        let Some((name, password)) = self.shown_at_page(variation)? else {
            return Ok(None);
        };
        let mut browser = Browser::default();
        let pairs = self.authorization_parameters(redirect_uri, has_challenge);
        let mut at = self.authorization_url(&pairs)?;
        let mut request = browser.request("GET", &at, None);
        let mut operation = Operation::Authorize;
        for _ in 0..MAX_PAGES {
            let how = match operation {
                Operation::SubmitLogin => variation,
                _ => &Variation::Documented,
            };
            let sent = self.exchange(operation, None, how, &at, &request).await;
            let Some(reply) = sent else {
                return Ok(None);
            };
            browser.learn(&reply);
            if let Some(code) = code_in(&reply, redirect_uri) {
                return Ok(Some(code));
            }
            let page = String::from_utf8_lossy(&reply.body).into_owned();
            let (next, form) = match (redirect(&at, &reply), LoginForm::find(&page)) {
                (Some(next), _) => (next, None),
                (None, Some(form)) if operation == Operation::Authorize => {
                    let next = resolve(&at, &form.action);
                    let fields = encode(&form.filled(&name, &password));
                    match next {
                        Some(next) => (next, Some(fields)),
                        None => break,
                    }
                }
                _ => break,
            };
            // A password goes nowhere but to the site that was asked.
            if !next.same_origin(&at) {
                break;
            }
            at = next;
            operation = match form {
                Some(_) => Operation::SubmitLogin,
                None => operation,
            };
            let method = if form.is_some() { "POST" } else { "GET" };
            request = browser.request(method, &at, form);
        }
        if variation.is_documented() {
            self.log
                .limitation("the vendor's login page led to no code: it could not be driven");
        }
        Ok(None)
    }
}

/// Changes the one thing of an authorization request that is not its redirect URI.
fn vary(change: AuthorizeVariation, pairs: &mut Vec<(String, String)>) {
    let mut put = |name: &str, value: Option<&str>| {
        pairs.retain(|(known, _)| known != name);
        pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    };
    match change {
        AuthorizeVariation::NoResponseType => put("response_type", None),
        AuthorizeVariation::UnknownResponseType => put("response_type", Some("locum")),
        AuthorizeVariation::UnknownClient => put("client_id", Some("locum-unknown")),
        // The redirect URI, the method or a header tells them apart.
        AuthorizeVariation::Silently
        | AuthorizeVariation::SegmentAdded
        | AuthorizeVariation::QueryAdded
        | AuthorizeVariation::OtherHost
        | AuthorizeVariation::UserInFront
        | AuthorizeVariation::OtherCase
        | AuthorizeVariation::OtherScheme
        | AuthorizeVariation::HostExtended
        | AuthorizeVariation::ForeignOrigin
        | AuthorizeVariation::Preflight
        | AuthorizeVariation::Followed => {}
    }
    if change.leads_nowhere() || change == AuthorizeVariation::Silently {
        put("prompt", Some("none"));
    }
}

/// `registered` with one thing changed; `None` where it has nothing to change.
fn bent(registered: &str, change: AuthorizeVariation) -> Option<String> {
    let (scheme, rest) = registered.split_once("://")?;
    let cut = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(cut);
    let bent = match change {
        AuthorizeVariation::SegmentAdded => {
            format!("{}/x-locum", registered.trim_end_matches('/'))
        }
        AuthorizeVariation::QueryAdded => {
            let joint = if registered.contains('?') { '&' } else { '?' };
            format!("{registered}{joint}x_locum=1")
        }
        AuthorizeVariation::OtherHost => format!("{scheme}://elsewhere.example{path}"),
        AuthorizeVariation::UserInFront => {
            format!("{scheme}://elsewhere.example@{authority}{path}")
        }
        AuthorizeVariation::HostExtended => {
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => (host, format!(":{port}")),
                _ => (authority, String::new()),
            };
            format!("{scheme}://{host}.elsewhere.example{port}{path}")
        }
        AuthorizeVariation::OtherCase => {
            let swapped: String = path
                .chars()
                .map(|letter| match letter.is_ascii_lowercase() {
                    true => letter.to_ascii_uppercase(),
                    false => letter.to_ascii_lowercase(),
                })
                .collect();
            format!("{scheme}://{authority}{swapped}")
        }
        AuthorizeVariation::OtherScheme => match scheme {
            "https" => format!("http://{rest}"),
            "http" => format!("https://{rest}"),
            _ => return None,
        },
        AuthorizeVariation::Silently
        | AuthorizeVariation::UnknownClient
        | AuthorizeVariation::NoResponseType
        | AuthorizeVariation::UnknownResponseType
        | AuthorizeVariation::ForeignOrigin
        | AuthorizeVariation::Preflight
        | AuthorizeVariation::Followed => return Some(registered.to_owned()),
    };
    (bent != registered).then_some(bent)
}

/// Where a redirect leads.
fn redirect(at: &Url, reply: &Reply) -> Option<Url> {
    let is_redirect = (300..400).contains(&reply.status);
    resolve(at, reply.header("location").filter(|_| is_redirect)?)
}

/// The address that `reference` means on the page at `at` (RFC 3986 §5.2), without dot segments.
fn resolve(at: &Url, reference: &str) -> Option<Url> {
    let path = at.target.split('?').next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let target = match reference {
        "" => at.target.clone(),
        absolute if absolute.contains("://") => return Url::parse(absolute).ok(),
        rooted if rooted.starts_with('/') && !rooted.starts_with("//") => rooted.to_owned(),
        query if query.starts_with('?') => format!("{path}{query}"),
        relative if !relative.starts_with('/') => format!("{folder}/{relative}"),
        _ => return None,
    };
    let target = target.split('#').next().unwrap_or_default().to_owned();
    Some(Url {
        target,
        ..at.clone()
    })
}

/// The code in a redirect to the client.
fn code_in(reply: &Reply, redirect_uri: &str) -> Option<Secret> {
    let location = reply.header("location")?;
    let query = location
        .strip_prefix(redirect_uri)?
        .trim_start_matches(['?', '&']);
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, code) = pairs.find(|(name, _)| *name == "code")?;
    let code = percent_encoding::percent_decode_str(code);
    Some(Secret::new(code.decode_utf8().ok()?.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_bent(registered: &str, change: AuthorizeVariation, expected: Option<&str>) {
        assert_eq!(bent(registered, change).as_deref(), expected, "{change:?}");
    }

    #[test]
    fn a_redirect_uri_is_bent_in_one_thing() {
        use AuthorizeVariation as Change;
        let uri = "https://app.example:8/Cb";
        let check = |change, expected| check_bent(uri, change, Some(expected));
        check(Change::SegmentAdded, "https://app.example:8/Cb/x-locum");
        check(Change::QueryAdded, "https://app.example:8/Cb?x_locum=1");
        check(Change::OtherHost, "https://elsewhere.example/Cb");
        check(
            Change::UserInFront,
            "https://elsewhere.example@app.example:8/Cb",
        );
        check(Change::OtherCase, "https://app.example:8/cB");
        check(Change::OtherScheme, "http://app.example:8/Cb");
        check(Change::Silently, uri);
        check_bent("https://app.example", Change::OtherCase, None);
        check_bent("com.example.app:/cb", Change::SegmentAdded, None);
    }

    #[test]
    fn a_reference_is_read_on_its_page() {
        let at = Url::parse("http://h:1/a/b?c").expect("a URL");
        for (reference, expected) in [
            ("/x?y", Some("/x?y")),
            ("x", Some("/a/x")),
            ("?z", Some("/a/b?z")),
            ("", Some("/a/b?c")),
            ("//evil.example/", None),
            ("http://other:2/q#f", Some("/q")),
        ] {
            let resolved = resolve(&at, reference);
            assert_eq!(
                resolved.map(|url| url.target).as_deref(),
                expected,
                "{reference}"
            );
        }
    }
}
