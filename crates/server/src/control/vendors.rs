//! The vendors of a server: where each is reached on a stage, and what its endpoints are called.

use schemars::JsonSchema;
use serde::Serialize;

use super::call::{self, CallResult, ControlCall, ControlRequest, ready};
use super::document;

/// The calls of this section.
pub(super) const CALLS: &[ControlCall] = &[ControlCall::new(
    "GET …/vendors",
    "lists the vendors with their roots, addresses and the names of their endpoints",
    |request| ready(list(&request)),
)
.returns::<VendorList>()];

/// The vendors.
#[derive(Serialize, JsonSchema)]
struct VendorList {
    /// In the order of the start.
    vendors: Vec<VendorView>,
}

/// A vendor as faults, filters and people name it; no secret is in it.
#[derive(Serialize, JsonSchema)]
struct VendorView {
    /// Its slug, such as `corti`.
    vendor: String,
    /// Its name for people.
    title: String,
    /// The URL of its root on the stage.
    base: String,
    /// The names of its endpoints.
    endpoints: Vec<String>,
}

fn list(request: &ControlRequest) -> CallResult {
    let stage = request.stage()?;
    let vendors = request.stages.vendors().iter().map(|vendor| {
        let profile = vendor.profile();
        VendorView {
            vendor: profile.vendor.clone(),
            title: profile.title.clone(),
            base: document::mock(request, &stage, vendor).base,
            endpoints: profile.endpoints.keys().cloned().collect(),
        }
    });
    let vendors = vendors.collect();
    Ok(call::json(200, &VendorList { vendors }))
}
