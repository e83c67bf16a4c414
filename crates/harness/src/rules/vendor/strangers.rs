//! What belongs to one client and is asked for by others.

use locum_core::{Finding, Grade};

use crate::evidence::Exchange;
use crate::rules::{View, gone, sentence, unobserved};

/// Nobody but its owner reads what was created: each other reader, who is served elsewhere, is
/// refused.
pub fn get_nothing(view: &View<'_>) -> Finding {
    let owner = view.log.acts("read", "").find(is_served);
    let others = view
        .log
        .exchanges()
        .filter(|exchange| exchange.act == "read" && !exchange.how.is_empty());
    let mut refused = Vec::new();
    let mut helpless = None;
    for read in others {
        if let Some(gone) = gone(&read) {
            return gone;
        }
        let Some(reply) = read.reply else { continue };
        if reply.is_class(2) {
            return Finding::new(Grade::Broken, format!("{}: the data", sentence(&read)))
                .because("a refusal", sentence(&read))
                .proved_by([read.seq])
                .beside(owner.map(|owner| owner.seq));
        }
        match (reply.is_class(4), control(view, read.how)) {
            (true, Some(seq)) => refused.push([read.seq, seq]),
            (false, _) => helpless = Some(format!("not graded: {}", sentence(&read))),
            (true, None) => helpless = Some(format!("{}, as everywhere", sentence(&read))),
        }
    }
    match (owner, helpless) {
        (None, _) => unobserved(view, "the owner never read it"),
        (_, Some(why)) => unobserved(view, &why),
        _ if refused.is_empty() => unobserved(view, "nobody else asked for it"),
        (Some(owner), None) => Finding::new(Grade::Met, format!("{} refused", refused.len()))
            .proved_by(refused.into_iter().flatten())
            .beside([owner.seq]),
    }
}

/// The call that shows the reader to be served with the same token elsewhere.
fn control(view: &View<'_>, how: &str) -> Option<u64> {
    view.log
        .exchanges()
        .filter(|exchange| exchange.act == "control" && how.starts_with(exchange.how))
        .find(is_served)
        .map(|exchange| exchange.seq)
}

fn is_served(exchange: &Exchange<'_>) -> bool {
    exchange.reply.is_some_and(|reply| reply.is_class(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{Log, check};

    fn log(owner: u16, control: u16, other: u16) -> Log {
        Log::new()
            .exchange("read", "", owner, "{}")
            .exchange("control", "as another client", control, "[]")
            .exchange("read", "as another client", other, "{}")
    }

    #[test]
    fn others_get_nothing_beside_an_owner_who_does() {
        check(&log(200, 200, 403), get_nothing, Grade::Met);
        check(&log(200, 200, 404), get_nothing, Grade::Met);
        check(&log(200, 200, 200), get_nothing, Grade::Broken);
        check(&log(404, 200, 403), get_nothing, Grade::Unobserved);
        check(&log(200, 401, 401), get_nothing, Grade::Unobserved);
        check(&log(200, 200, 500), get_nothing, Grade::Unobserved);
        let alone = Log::new().exchange("read", "", 200, "{}");
        check(&alone, get_nothing, Grade::Unobserved);
    }
}
