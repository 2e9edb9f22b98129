//! The tables, as diesel sees them. `migrations/` is where they are made; the
//! parity test compares both backends.

diesel::table! {
    documents (kind, id, since_revision) {
        kind -> Text,
        id -> Text,
        body -> Text,
        since_revision -> BigInt,
        until_revision -> Nullable<BigInt>,
    }
}

diesel::table! {
    prices (sku, market, zone, audience, kind, minimum_quantity, valid_from, since_revision) {
        sku -> Text,
        market -> Text,
        zone -> Text,
        audience -> Text,
        kind -> Text,
        minimum_quantity -> BigInt,
        valid_from -> BigInt,
        valid_until -> Nullable<BigInt>,
        amount_minor -> BigInt,
        since_revision -> BigInt,
        until_revision -> Nullable<BigInt>,
    }
}

diesel::table! {
    revisions (number) {
        number -> BigInt,
        epoch -> BigInt,
        author -> Text,
        reason -> Text,
        recorded_at -> BigInt,
        previous_hash -> Text,
        content_root -> Text,
        row_count -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    epochs (number) {
        number -> BigInt,
        opened_at -> BigInt,
        author -> Text,
        reason -> Text,
    }
}

diesel::table! {
    heads (id) {
        id -> BigInt,
        epoch -> BigInt,
        revision -> BigInt,
        hash -> Text,
        recorded_at -> BigInt,
        horizon -> BigInt,
        frozen_reason -> Nullable<Text>,
        halted_reason -> Nullable<Text>,
    }
}

diesel::table! {
    outbox (sequence) {
        sequence -> BigInt,
        epoch -> BigInt,
        revision -> BigInt,
        horizon -> BigInt,
        hash -> Text,
        after_epoch -> BigInt,
        after_revision -> BigInt,
        after_horizon -> BigInt,
        after_hash -> Text,
        created_at -> BigInt,
        published_at -> Nullable<BigInt>,
        fence -> Nullable<BigInt>,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        fence -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    change_sets (id) {
        id -> Text,
        state -> Text,
        author -> Text,
        reason -> Text,
        changes -> Text,
        base_revision -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        revision -> Nullable<BigInt>,
    }
}

diesel::table! {
    idempotency (actor, request_key) {
        actor -> Text,
        request_key -> Text,
        fingerprint -> Text,
        state -> Text,
        status -> Nullable<BigInt>,
        body -> Nullable<Text>,
        started_at -> BigInt,
    }
}

diesel::table! {
    acknowledgements (channel, number) {
        channel -> Text,
        number -> BigInt,
        epoch -> BigInt,
        revision -> BigInt,
        horizon -> BigInt,
        rung -> Text,
        shown -> Text,
        state -> Text,
        items -> BigInt,
        held -> BigInt,
        mismatches -> BigInt,
        clock -> BigInt,
        last_boundary -> Nullable<BigInt>,
        stopped -> Bool,
        received_at -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    channel_states (channel) {
        channel -> Text,
        number -> BigInt,
        fingerprint -> Text,
        received_at -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    audits (id, part) {
        id -> Text,
        part -> Text,
        body -> Text,
        recorded_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(heads, outbox);
