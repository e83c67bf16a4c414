//! Endpoints that discovery names and that a default realm refuses: device authorization (RFC 8628),
//! CIBA, and client registration.

use locum_core::{Denial, DenialKind};
use locum_server::{Mock, Reply, Request};

use super::form::{self, ClientIn, Form};
use super::{client, cors, introspect, page, realm_lookup};

/// `…/auth/device`: "The flow is disabled for the client."
pub(super) async fn device(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_post"));
    }
    if let Err(denial) = realm_lookup::must_be_enabled(&mock, &request, &realm) {
        return Ok(page::sorry(&mock, &realm.name, denial, "Realm not enabled"));
    }
    let form = match Form::read(&mock, &request).await {
        Ok(form) if form.client == ClientIn::Unreadable => {
            let denial = form::unparsable(&mock, "two media types");
            return Ok(realm_lookup::bare(&mock, denial));
        }
        Err(denial) if request.media_type() == "multipart/form-data" => {
            let shown = form::unparsable(&mock, "parts");
            let mut reply = realm_lookup::bare(&mock, shown);
            reply.denial = Some(denial);
            return Ok(reply);
        }
        read => match read {
            Ok(form) => form,
            Err(denial) => return Ok(realm_lookup::bare(&mock, denial)),
        },
    };
    match client::authenticate(&mock, &request, &realm, &form) {
        Ok(client) => Err(Denial::new(DenialKind::Unsupported, "device_disabled")
            .expected("a client with the device flow")
            .got(client.client_id.clone())),
        Err(denial) => {
            let reply = realm_lookup::bare(&mock, denial);
            Ok(cors::dress(&mock, &request, Ok(reply)))
        }
    }
}

/// `…/ext/ciba/auth`: "Client not allowed OIDC CIBA Grant", and every refusal is a 401.
pub(super) async fn ciba(mock: Mock, request: Request) -> Result<Reply, Denial> {
    let realm = realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(options(&mock));
    }
    let refused = |denial: Denial| {
        let mut reply = realm_lookup::bare(&mock, denial);
        reply.status = http::StatusCode::UNAUTHORIZED;
        Ok(reply)
    };
    let form = match Form::read(&mock, &request).await {
        Ok(form) => form,
        Err(denial) if denial.reason == "unparsable_media_type" => {
            return refused(introspect::unreadable(denial));
        }
        Err(denial) => return Err(denial),
    };
    if let Err(denial) = realm_lookup::must_be_enabled(&mock, &request, &realm) {
        return refused(denial);
    }
    match client::authenticate(&mock, &request, &realm, &form) {
        Ok(client) => refused(
            Denial::new(DenialKind::Unsupported, "no_ciba_grant")
                .expected("a client with CIBA")
                .got(client.client_id.clone()),
        ),
        Err(denial) => refused(denial),
    }
}

/// `…/clients-registrations/openid-connect`: open to hosts that the realm trusts, which are none.
pub(super) async fn registration(mock: Mock, request: Request) -> Result<Reply, Denial> {
    realm_lookup::realm(&mock, &request)?;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&mock, &request, "preflight_registration"));
    }
    if request.media_type() != "application/json" {
        return Err(
            Denial::new(DenialKind::Unsupported, "registration_media_type")
                .expected("application/json")
                .got(request.media_type()),
        );
    }
    if let Err(denial) = request.json() {
        let empty = request.body.is_empty();
        let reason = if empty {
            "broken_form"
        } else {
            "registration_no_json"
        };
        return Err(Denial {
            reason: reason.to_owned(),
            ..denial
        });
    }
    Err(
        Denial::new(DenialKind::Forbidden, "registration_untrusted_host")
            .expected("a caller that the realm trusts"),
    )
}

/// OPTIONS without CORS.
pub(super) fn options(mock: &Mock) -> Reply {
    Reply::status(200)
        .with_headers_of(mock.profile(), "introspect_options", &[])
        .with_headers_of(mock.profile(), "h0", &[])
}
