//! What a user pool tells of the user of an access token.

use serde_json::Value;

use super::effect::{Step, concluded, control, unseen};
use crate::evidence::{Exchange, Operation, Variation};
use crate::rules::{Rule, View, gone};
use crate::verdict::Finding;

pub(super) const RULES: &[Rule] = &[Rule::vendor("VEN-78", |view| {
    concluded(tells_its_user(view))
})];

/// `GetUser` tells name and attributes of the user to whom the access token belongs.
fn tells_its_user(view: &View<'_>) -> Step<Finding> {
    let login = control(view, Operation::SignIn, &Variation::Documented)?;
    let mut asked = view.evidence.exchanges_for(Operation::UseAccessToken);
    let Some(asked) = asked.next() else {
        return unseen(view, "nobody asked GetUser");
    };
    if let Some(gone) = gone(&asked) {
        return Err(Box::new(gone));
    }
    let is_told = asked.reply.is_some_and(|reply| reply.is_class(2)) && asked.json().is_object();
    if !is_told {
        return unseen(view, "GetUser did not take the access token");
    }
    let mut jwts = view.evidence.jwts_of(login.seq);
    let claims = jwts.find(|jwt| jwt.member == "AccessToken");
    let claim = |name: &str| {
        claims
            .as_ref()
            .map_or(Value::Null, |jwt| jwt.claims[name].clone())
    };
    let wrong = faults(&asked, &claim("username"), &claim("sub"));
    if wrong.is_empty() {
        return Ok(Finding::met("the user of the access token", asked).beside(login));
    }
    let expected = "Username and UserAttributes of the user of the access token";
    Ok(Finding::broken(expected, wrong.join("; "), asked).beside(login))
}

fn faults(asked: &Exchange<'_>, username: &Value, sub: &Value) -> Vec<String> {
    let body = asked.json();
    let mut wrong = Vec::new();
    let told = &body["Username"];
    match told.as_str() {
        None | Some("") => wrong.push("no Username".to_owned()),
        Some(_) if !username.is_null() && told != username => {
            wrong.push(format!("Username {told}, of another user"));
        }
        Some(_) => {}
    }
    let Some(attributes) = body["UserAttributes"].as_array() else {
        wrong.push("no list UserAttributes".to_owned());
        return wrong;
    };
    let is_pair = |one: &&Value| one["Name"].is_string() && one["Value"].is_string();
    if let Some(odd) = attributes.iter().find(|one| !is_pair(one)) {
        wrong.push(format!(
            "{odd} in UserAttributes, without Name and Value as text"
        ));
    }
    let mut subs = attributes.iter().filter(|one| one["Name"] == "sub");
    match subs.next().map(|one| &one["Value"]) {
        None => wrong.push("no sub among the UserAttributes".to_owned()),
        Some(told) if !sub.is_null() && told != sub => {
            wrong.push(format!("sub {told}, of another user"));
        }
        Some(_) => {}
    }
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::rules::testing::{Log, check, check_failures_behind};
    use crate::verdict::Grade;

    const USE: &str = "token 1 before";

    fn signed_in() -> Log {
        let result = json!({"AuthenticationResult": {"AccessToken": "a", "IdToken": "i"}});
        Log::of_a_user_pool()
            .exchange("sign-in", "", 200, &result.to_string())
            .holds_jwt("AccessToken", &json!({"username": "u", "sub": "s-1"}))
    }

    #[test]
    fn a_user_is_told_or_not() {
        let good = json!({"Username": "u", "UserAttributes": [{"Name": "sub", "Value": "s-1"}]});
        let log = |body: &Value| signed_in().exchange("use access", USE, 200, &body.to_string());
        check(&log(&good), "VEN-78", Grade::Met);
        let attributes = |list: Value| {
            let mut body = good.clone();
            body["UserAttributes"] = list;
            body
        };
        for odd in [
            json!({}),
            json!({"UserAttributes": good["UserAttributes"]}),
            json!({"Username": "v", "UserAttributes": good["UserAttributes"]}),
            attributes(json!([])),
            attributes(json!({"sub": "s-1"})),
            attributes(json!([{"Name": "sub", "Value": "s-2"}])),
            attributes(json!([{"Name": "sub", "Value": "s-1"}, {"Name": "email"}])),
        ] {
            check(&log(&odd), "VEN-78", Grade::Broken);
        }
        check(&signed_in(), "VEN-78", Grade::Unobserved);
        let refused = signed_in().exchange("use access", USE, 400, "{}");
        check(&refused, "VEN-78", Grade::Unobserved);
        check_failures_behind(signed_in, "VEN-78", "use access", USE);
    }
}
