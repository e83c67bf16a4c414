//! A vendor's endpoints and their handlers.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use locum_core::{Denial, Outcome, Profile};

use crate::{Admitted, Mock, Reply, Request, RoutingFailure};

/// What answers an endpoint.
pub type Handler =
    Arc<dyn Fn(Mock, Request) -> BoxFuture<'static, Result<Reply, Denial>> + Send + Sync>;

/// Names of the profile's endpoints with their handlers.
#[derive(Clone, Default)]
pub struct Routes {
    handlers: BTreeMap<String, Handler>,
}

impl Routes {
    /// No endpoints.
    pub fn new() -> Self {
        Self::default()
    }

    /// Endpoint `name` is answered by `handler` to anybody.
    #[must_use]
    pub fn public<F, Fut>(mut self, name: &str, handler: F) -> Self
    where
        F: Fn(Mock, Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Denial>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |mock, request| Box::pin(handler(mock, request)));
        self.handlers.insert(name.to_owned(), handler);
        self
    }

    /// Endpoint `name` is answered by `handler` to whom `guard` admits. The guard is the only
    /// maker of the `Admitted` that the handler takes.
    #[must_use]
    pub fn guarded<G, F, Fut>(self, name: &str, guard: G, handler: F) -> Self
    where
        G: for<'a> Fn(&'a Mock, &'a Request) -> BoxFuture<'a, Result<Admitted, Denial>>
            + Send
            + Sync
            + 'static,
        F: Fn(Mock, Request, Admitted) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Denial>> + Send + 'static,
    {
        let (guard, handler) = (Arc::new(guard), Arc::new(handler));
        self.public(name, move |mock, request| {
            let (guard, handler) = (Arc::clone(&guard), Arc::clone(&handler));
            async move {
                let admitted = guard(&mock, &request).await?;
                let mut reply = handler(mock, request, admitted).await?;
                reply.outcome.get_or_insert(Outcome::Admitted);
                Ok(reply)
            }
        })
    }

    /// The names that have a handler.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.handlers.keys().map(String::as_str)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.handlers.keys()).finish()
    }
}

/// The profile's paths, compiled.
pub(crate) struct Table {
    paths: matchit::Router<Vec<Arc<Target>>>,
}

/// One endpoint behind a path.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) methods: Vec<String>,
    pub(crate) max_body: u64,
    pub(crate) handler: Handler,
}

/// Path parameters, percent-decoded where they are UTF-8.
pub(crate) type Params = Vec<(String, String)>;

impl Table {
    /// Joins the profile's endpoints with their handlers.
    pub(crate) fn compile(profile: &Profile, routes: &Routes) -> Result<Self, String> {
        let mut by_path: BTreeMap<&str, Vec<Arc<Target>>> = BTreeMap::new();
        for (name, endpoint) in &profile.endpoints {
            let Some(handler) = routes.handlers.get(name) else {
                return Err(format!(
                    "endpoint `{name}` of `{}` has no handler",
                    profile.vendor
                ));
            };
            for path in std::iter::once(&endpoint.path).chain(&endpoint.also) {
                by_path.entry(path).or_default().push(Arc::new(Target {
                    name: name.clone(),
                    methods: endpoint.methods.clone(),
                    max_body: endpoint.max_body,
                    handler: Arc::clone(handler),
                }));
            }
        }
        let mut paths = matchit::Router::new();
        for (path, targets) in by_path {
            paths
                .insert(path, targets)
                .map_err(|error| format!("path `{path}` of `{}`: {error}", profile.vendor))?;
        }
        match routes
            .handlers
            .keys()
            .find(|name| !profile.endpoints.contains_key(*name))
        {
            Some(stray) => Err(format!(
                "handler `{stray}` of `{}` has no endpoint in the profile",
                profile.vendor
            )),
            None => Ok(Self { paths }),
        }
    }

    /// The endpoint that takes `method` on `path`.
    pub(crate) fn find(
        &self,
        method: &str,
        path: &str,
    ) -> Result<(&Arc<Target>, Params), RoutingFailure> {
        let found = self.paths.at(path).map_err(|_| RoutingFailure::Path)?;
        let params = found
            .params
            .iter()
            .map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect();
        match found
            .value
            .iter()
            .find(|target| target.methods.iter().any(|taken| taken == method))
        {
            Some(target) => Ok((target, params)),
            None => Err(RoutingFailure::Method(
                found
                    .value
                    .iter()
                    .flat_map(|target| target.methods.clone())
                    .collect(),
            )),
        }
    }
}

fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}
