//! What each code means and what to do about it, for the pages under `/problems`.

/// A code explained.
pub(super) struct Words {
    /// What happened, and when it does.
    pub(super) means: &'static str,
    /// What a caller does about it.
    pub(super) mend: &'static str,
}

const fn words(means: &'static str, mend: &'static str) -> Words {
    Words { means, mend }
}

/// The words for a code; none where nobody has written any.
pub(super) fn of(code: &str) -> Option<Words> {
    of_requests(code).or_else(|| of_content(code)).or_else(|| of_conflicts(code)).or_else(|| of_values(code))
}

/// Of how a request came, and of the server.
fn of_requests(code: &str) -> Option<Words> {
    Some(match code {
        "malformed_json" => words(
            "The body is not JSON, names a field twice, is nested deeper than 64 levels, or broke off on its way.",
            "The `detail` says where reading stopped. Send UTF-8, and every name of an object once.",
        ),
        "malformed_request" => words(
            "The request is JSON, or an address, but not of the shape that is taken here: a field is missing, unknown or of another type, or a query or header has a value it can't have.",
            "`errors` names each place. Unknown fields are refused on purpose, so that a slip of the pen is not taken for a wish.",
        ),
        "unauthenticated" => words(
            "There is no token, or it is unknown, has ended or was revoked. A token counts in the header `Authorization` and nowhere else.",
            "Send `Authorization: Bearer osr_…`. `osier token create` makes one.",
        ),
        "insufficient_scope" => words(
            "The token is good, but what is asked needs a scope that it does not have. The challenge in `WWW-Authenticate` names it. Agents never hold more than `write`, whatever their token says.",
            "Ask whoever runs the server for a token with that scope.",
        ),
        "branch_protected" => words(
            "The token may write only on branches that fit its patterns, and this one does not. Reading is not limited by them.",
            "Write on a branch that fits, and have it merged.",
        ),
        "host_refused" => words(
            "The `Host` of the request is not one this server goes by. A page in a browser could otherwise reach a server on your own machine under a name of its own making.",
            "Use the server's own address; or name the host with `--hosts`, or `--public-url`, where the server is started.",
        ),
        "origin_refused" => words(
            "The request comes from a web page of another origin, and no such page may use this server unless it is told so.",
            "Name the origin with `--origins` where the server is started, if you trust every page of it.",
        ),
        "not_found" => words("There is no such address.", "`/docs` lists those there are."),
        "method_not_allowed" => {
            words("The address is right, the method is not.", "`Allow` says which methods it takes.")
        }
        "request_timeout" => {
            words("The body did not arrive within 30 seconds. Nothing was done.", "Send it again, whole.")
        }
        "unsupported_media_type" => words(
            "The body is not of a kind that is taken here, or it is encoded.",
            "Send JSON as `Content-Type: application/json`, without `Content-Encoding`.",
        ),
        "uri_too_long" => words("The address is longer than any there is.", "Put what is long into a body."),
        "headers_too_large" => words(
            "The head of the request is larger than 64 KB.",
            "Send fewer or shorter headers; cookies are not read at all.",
        ),
        "rate_limited" => words(
            "More is asked than the server takes: too many batches wait for one site, or this token asks more often than the operator allows.",
            "Wait as long as `Retry-After` says, then send it again.",
        ),
        "overloaded" => words(
            "The server has all the connections or bodies in hand that it has place for, or it did not come to an answer within 60 seconds.",
            "Wait as long as `Retry-After` says, then send it again. Whether a write was done that was under way is not known: with the same `idempotencyKey` it happens once.",
        ),
        "internal" => words(
            "The server made a mistake. Nothing of the request was done by halves. The `detail` has an id under which the server's log has the reason.",
            "Tell whoever runs the server that id.",
        ),
        "store_unavailable" => words(
            "The database does not answer, or not in time. Reading of what is in memory may go on.",
            "Wait as long as `Retry-After` says. Whether a write was done that was under way is not known: send it again with the same `idempotencyKey`, and it happens once.",
        ),
        "store_full" => words(
            "There is no space left where the content is kept. Nothing was written; reading goes on.",
            "Whoever runs the server makes space; then send it again.",
        ),
        _ => return None,
    })
}

/// Of what is not there.
fn of_content(code: &str) -> Option<Words> {
    Some(match code {
        "site_not_found" => words(
            "There is no site of this id, or the token may not see it: the two look alike.",
            "`GET /sites` lists those the token may see.",
        ),
        "branch_not_found" => {
            words("The site has no branch of this name.", "Every site has the branch `main`.")
        }
        "page_not_found" => words(
            "No page of this state has the id or the slug. Where another is near, the `detail` names it.",
            "`GET /sites/{site}/pages` lists them. A page that was renamed keeps its id; one that was removed is there under an older `ref`.",
        ),
        "block_not_found" => words(
            "The page has no such block. It may have been moved to another page.",
            "Read the page again.",
        ),
        "item_not_found" => words(
            "The list has no item at this index, or of this key.",
            "Name items by `key`: it stays when others are added and moved.",
        ),
        "block_type_not_found" => {
            words("The site has no block type of this name.", "`GET /sites/{site}/block-types` lists them.")
        }
        "version_not_found" => words(
            "The branch has no such version: it counts from 1, and 0 is a new site.",
            "`GET /sites/{site}/history` lists them.",
        ),
        "snapshot_not_found" => words("No published snapshot has this id.", "Give more of it, or all of it."),
        _ => return None,
    })
}

/// Of what others did meanwhile, and of what is taken.
fn of_conflicts(code: &str) -> Option<Words> {
    Some(match code {
        "version_conflict" => words(
            "The branch, or a page in `ifMatch`, is not as the caller last saw it: somebody has changed it meanwhile. Nothing was done.",
            "`currentVersion` says where the branch is, `commits` what happened since. Read again, look whether the edit still makes sense, and send it with the new version.",
        ),
        "slug_taken" => words(
            "Another page of the site has this address.",
            "Choose another slug, or rename the other page first.",
        ),
        "id_taken" => words(
            "Something on the branch, or a site, has this id already.",
            "Leave the id out: the server makes one.",
        ),
        "undo_conflict" => words(
            "Later commits changed the same fields. Taking the older one back would take theirs away too, so nothing was done.",
            "`conflicts` names the fields with both values. Send the undo with `force` to take the older values anyway.",
        ),
        "nothing_to_undo" => words(
            "There is no commit on this stack that is not undone.",
            "`GET /sites/{site}/history/status` says what undo would take.",
        ),
        "nothing_to_redo" => words(
            "There is no undo that nothing has followed: a new edit ends what could be redone.",
            "`restore_version` brings back any state.",
        ),
        "block_type_in_use" => {
            words("Blocks of this type are on pages.", "`blocks` names them. Remove or replace them first.")
        }
        "asset_in_use" => words(
            "The asset is used on pages.",
            "The answer names the places. `force` removes it all the same.",
        ),
        "idempotency_key_reused" => words(
            "The key came before with another body. The same key stands for the same request.",
            "Make a new key for a new request.",
        ),
        _ => return None,
    })
}

/// Of what ops ask for.
fn of_values(code: &str) -> Option<Words> {
    Some(match code {
        "too_large" => words(
            "The body has more than 1 MiB, or a page would have more than 4 MiB.",
            "Send the ops in several batches; divide the page.",
        ),
        "op_rejected" => words(
            "The batch has several problems of different kinds, or an op that can't be done for the reason in `errors`. Nothing of it was done.",
            "Each entry of `errors` has its own code, the index of its op, and the place in it.",
        ),
        "schema_violation" => words(
            "A value does not satisfy the JSON Schema it is held to.",
            "`errors` says where and what is allowed. `GET /sites/{site}/block-types/{type}` has the schema of a block type: what is published is what is enforced.",
        ),
        "unknown_op" => words(
            "There is no op of this name. Where another is near, the message names it.",
            "`/docs` has every op.",
        ),
        "unknown_prop" => words(
            "The block type has no such prop. Where another is near, the message names it.",
            "Read the type's schema.",
        ),
        "unknown_block_type" => words(
            "The site has no block type of this name.",
            "`GET /sites/{site}/block-types` lists them; `register_block_type` makes one.",
        ),
        "invalid_slug" => words(
            "Not an address a page can have: it begins with `/`, has no empty part, no `.` or `..`, no control character, and at most 1,024 characters.",
            "Letters of any script will do; upper case is lowered.",
        ),
        "invalid_position" => words(
            "There is no such place: the neighbour is not there, the index is past the end, or several of `after`, `before` and `index` were sent.",
            "Send one of them, or none for the end.",
        ),
        "slot_refused" => words(
            "The slot does not take this type of block, or the block has no such slot, or would lie within itself.",
            "The type's schema says which slots it has and what they take.",
        ),
        "pinned" => words(
            "A site's header stands first on its page and its footer last.",
            "Choose a place between them.",
        ),
        "home_page" => words(
            "The page at `/` can't be removed.",
            "Rename another page to `/` after giving this one another address; then this one can go.",
        ),
        "unknown_temp_id" => words(
            "No op before this one declared the handle.",
            "Declare it with `tempId` on an op that creates, and refer to it as `$tmp:…` later in the same batch.",
        ),
        "duplicate_temp_id" => words("Two ops of the batch declare the same handle.", "Give each its own."),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained() {
        let unexplained: Vec<_> = crate::error::kinds()
            .into_iter()
            .filter(|kind| of(kind.code).is_none())
            .map(|kind| kind.code)
            .collect();
        assert!(unexplained.is_empty(), "{unexplained:?}");
    }
}
