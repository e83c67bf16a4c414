//! A group below the one that was given: it exists, and the entries of the other are none of its own.

use serde_json::Value;

use crate::Error;
use crate::catalogue::{Expectation, Supplied};
use crate::evidence::{CallVariation, Operation, Variation};
use crate::http::at_segment_behind;
use crate::run::context::ScenarioContext;

impl ScenarioContext {
    /// Asks a group below that of the lists for an entry of each: the first that it does not list
    /// itself.
    ///
    /// # Errors
    /// Where the lists, those of the groups below included, name no such group.
    pub async fn look_for_entries_below(&mut self) -> Result<(), Error> {
        let lists = self.served_lists();
        let lists: Vec<(String, Vec<Value>)> = lists
            .filter_map(|(endpoint, entries)| Some((endpoint?, entries)))
            .collect();
        if lists.is_empty() {
            self.log.limitation("no list with an entry was served");
            return Ok(());
        }
        let endpoints: Vec<&String> = lists.iter().map(|(endpoint, _)| endpoint).collect();
        let Some(below) = self.group_below(&endpoints).await? else {
            self.log
                .limitation("no list with those of the groups below was served");
            return Ok(());
        };
        for (endpoint, entries) in &lists {
            let Some(link) = self.link_below(endpoint, entries, &below).await? else {
                let what = format!("no entry of {endpoint} is known that the group below lacks");
                self.log.limitation(&what);
                continue;
            };
            let elsewhere = Variation::Call(CallVariation::At(link.clone()));
            self.call_link(&link, &elsewhere).await?;
        }
        Ok(())
    }

    /// Reads the list at the profile's endpoint `name` with the entries of the groups below, without
    /// them, and the list of a group below that is known.
    ///
    /// # Errors
    /// Where no such group was supplied.
    pub async fn read_with_groups_below(&mut self, name: &str) -> Result<(), Error> {
        let below = self.supplied(Supplied::GroupBelow)?;
        let below = below["subgroup"].as_str().unwrap_or_default().to_owned();
        let expected = Expectation::of("VEN-63", &self.profile.vendor);
        let parameter = expected.parameter.as_deref().unwrap_or_default();
        let word = expected.member.as_deref().unwrap_or_default();
        let path = self.path_of(name)?;
        let theirs = at_segment_behind(&path, word)
            .map(|(before, _, behind)| format!("{before}{below}{behind}"));
        let with = format!("{path}?{parameter}=true");
        for path in [Some(with), Some(path), theirs].into_iter().flatten() {
            self.listed_at(&path).await?;
        }
        Ok(())
    }

    /// The id of a group below that of the lists at `endpoints`; `None` where none of them was served
    /// with the entries of the groups below.
    ///
    /// # Errors
    /// Where those that were served name no such group.
    async fn group_below(&mut self, endpoints: &[&String]) -> Result<Option<String>, Error> {
        let expected = Expectation::of("VEN-37", &self.profile.vendor);
        let parameter = expected.parameter.as_deref().unwrap_or_default();
        let word = expected.member.as_deref().unwrap_or_default();
        let group_in = |path: &str| Some(at_segment_behind(path, word)?.1.to_owned());
        let mut is_served = false;
        for endpoint in endpoints {
            let path = self.path_of(endpoint)?;
            let listed = self.listed_at(&format!("{path}?{parameter}=true")).await?;
            is_served |= listed.is_some();
            let (Some((entries, _)), Some(own)) = (listed, group_in(&path)) else {
                continue;
            };
            let mut groups = entries.iter().filter_map(|entry| {
                let mut owners = expected.owners.iter();
                owners.find_map(|pointer| group_in(entry.pointer(pointer)?.as_str()?))
            });
            let below = groups.find(|group| !group.eq_ignore_ascii_case(&own));
            if below.is_some() {
                return Ok(below);
            }
        }
        match is_served {
            true => Err(self.lacks("the lists name no group below the one that was given")),
            false => Ok(None),
        }
    }

    /// The address of the first of `entries`, those of the list at `endpoint`, that the group `below`
    /// does not list, as if it were of that group. `None` where that group's own list is not served,
    /// or not on one page.
    async fn link_below(
        &mut self,
        endpoint: &str,
        entries: &[Value],
        below: &str,
    ) -> Result<Option<String>, Error> {
        let expected = Expectation::of("VEN-37", &self.profile.vendor);
        let word = expected.member.as_deref().unwrap_or_default();
        let moved = |path: &str| {
            let (before, _, behind) = at_segment_behind(path, word)?;
            Some(format!("{before}{below}{behind}"))
        };
        let Some(path) = moved(&self.path_of(endpoint)?) else {
            return Ok(None);
        };
        let theirs = self.listed_at(&path).await?;
        let Some((theirs, true)) = theirs else {
            return Ok(None);
        };
        let links = entries.iter().filter_map(|entry| entry["href"].as_str());
        let mut only_ours = links.filter(|link| !theirs.iter().any(|known| has_id_of(known, link)));
        Ok(only_ours.next().and_then(moved))
    }

    /// The path of the profile's endpoint `name`, below the API's address.
    fn path_of(&self, name: &str) -> Result<String, Error> {
        let endpoint = self.profile.endpoint(name);
        let endpoint =
            endpoint.ok_or_else(|| Error::Step(format!("the profile has no endpoint `{name}`")))?;
        self.target.fill(&endpoint.path)
    }

    /// The entries that are listed at `path`, and whether they are all; `None` where no list is served.
    async fn listed_at(&mut self, path: &str) -> Result<Option<(Vec<Value>, bool)>, Error> {
        let expected = Expectation::of("VEN-10", &self.profile.vendor);
        let member = |name: &Option<String>, body: &Value| {
            let name = name.as_deref().unwrap_or_default();
            body[name].clone()
        };
        let reply = self
            .read_at(Operation::ListPage, path, &Variation::Documented)
            .await?;
        let Some(body) = reply
            .filter(|reply| (200..300).contains(&reply.status))
            .map(|reply| reply.json())
        else {
            return Ok(None);
        };
        let total = member(&expected.total, &body).as_u64();
        let Value::Array(entries) = member(&expected.list, &body) else {
            return Ok(None);
        };
        let is_whole = total == u64::try_from(entries.len()).ok();
        Ok(Some((entries, is_whole)))
    }
}

/// Whether the address of `entry` ends in the id in which `link` ends; an entry without one may.
fn has_id_of(entry: &Value, link: &str) -> bool {
    let id = |link: &str| link.rsplit('/').next().map(str::to_ascii_lowercase);
    entry["href"]
        .as_str()
        .is_none_or(|known| id(known) == id(link))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_cut_at_its_group() {
        let check = |path, expected| assert_eq!(at_segment_behind(path, "groups"), expected);
        let cut = ("/api/v1/groups/", "g-1", "/tasks/t-1");
        check("/api/v1/groups/g-1/tasks/t-1", Some(cut));
        check("/groups/g-1", Some(("/groups/", "g-1", "")));
        check("/groups/g-1?a=b", Some(("/groups/", "g-1", "?a=b")));
        check("/tasks/t-1", None);
        check("/subgroups/g-1", None);
        check("/groups", None);
    }

    #[test]
    fn an_entry_is_known_by_the_end_of_its_address() {
        let entry = json!({"href": "/groups/g-2/members/U-1"});
        assert!(has_id_of(&entry, "/groups/g-1/members/u-1"));
        assert!(!has_id_of(&entry, "/groups/g-1/members/u-2"));
        assert!(has_id_of(&json!({}), "/groups/g-1/members/u-2"));
    }
}
