//! What stands before the first operation.

use maud::{Markup, html};

use crate::http::html::prose;

const TEXT: &str = "\
A site is pages made of schema-checked blocks. Everything that changes it is an *op*, sent to `POST /ops` in a batch that happens whole or not at all; every batch lands in one durable log. \
From that log come undo and redo without a cap, any version of any page, restore, and who changed what.

**Who calls.** Every request but those for health and this reference carries `Authorization: Bearer osr_…`. `osier token create` makes a token. Scopes are `read < write < review < merge < publish < admin`, \
and each has those before it. A site that a token may not see is answered as one that is not there.

**Lists** answer `{\"items\": […], \"nextCursor\": \"…\"}`, the cursor only where there is more. `limit` is 50 unless asked otherwise, and at most 500.

**States.** Reads take `branch` or `ref`: `main` is the branch as it is, `main@42` as it was at version 42. `minVersion` waits, at most five seconds, until the branch is at least there: \
a reader sees its own write on every server. Reads carry an `ETag` and honour `If-None-Match`.

**Writes** are on disk when their answer comes. Send an `Idempotency-Key` with every POST that you may have to send again: it happens once, and you get the first answer.

**Errors** are problem documents ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): `code` is for programs, `detail` and `errors` say what is wrong and how to mend it, and `type` leads to [what the code means](/problems). \
Unknown fields are refused, in bodies and in queries.";

/// The first chapter.
pub(super) fn text() -> Markup {
    html! {
        h1 id="beginning" { "API reference" }
        (prose(TEXT))
        h4 { "A first edit" }
        pre { code {
            "export OSIER=http://localhost:4200 TOKEN=osr_…\n\n"
            "curl \"$OSIER/ops\" -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d '{\n"
            "  \"site\": \"demo\",\n"
            "  \"ops\": [{\"op\": \"update_props\", \"page\": \"/\", \"block\": \"blk_home_hero\",\n"
            "           \"patch\": {\"heading\": \"Willow, woven by hand\"}}]}'"
        } }
    }
}
