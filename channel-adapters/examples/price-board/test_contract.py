"""The contract's own vectors, read by an implementation in another language.

    python3 -m unittest    (from this folder; nothing but the standard library)
"""

import json
import unittest
from pathlib import Path

import board
import contract

VECTORS = Path(__file__).resolve().parents[2] / "contract/tests/vectors"


def vectors(name: str):
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


class Vectors(unittest.TestCase):
    def test_canonical_bytes(self):
        for name, vector in vectors("canonical").items():
            with self.subTest(name):
                self.assertEqual(contract.canonical(vector["value"]).decode(), vector["canonical"])
                self.assertEqual(contract.hash_of(vector["value"]).hex(), vector["sha256"])

    def test_instants_and_views(self):
        texts = vectors("texts")
        for vector in texts["instants"]:
            self.assertEqual(contract.instant(vector["micros"]), vector["text"])
            self.assertEqual(contract.micros(vector["text"]), vector["micros"])
        self.assertEqual(sorted(texts["views_in_order"]), texts["views_in_order"])

    def test_horizons(self):
        for vector in vectors("horizons"):
            self.assertEqual(contract.horizon_of(contract.micros(vector["instant"])), vector["horizon"])
            window = [contract.instant(at) for at in contract.window(vector["horizon"])]
            self.assertEqual(window, [vector["from"], vector["until"]])

    def test_timelines(self):
        timelines = vectors("timelines")
        horizon = timelines["horizon"]
        contract.check_timeline(timelines["timeline"], horizon)
        for lookup in timelines["lookups"]:
            segment = contract.segment_at(timelines["timeline"], contract.micros(lookup["at"]))
            self.assertEqual(segment["terms"]["price"], lookup["price"])
            self.assertEqual(segment.get("until"), lookup["next_boundary"])
        for refused in timelines["refused"]:
            with self.assertRaises(contract.Refused):
                contract.check_timeline(refused, horizon)

    def test_claims(self):
        claims = vectors("claims")
        channel, sku, facts = claims["channel"], claims["sku"], claims["facts"]
        projected = contract.project(channel, sku, facts, claims["terms"], claims["projected"].get("until"))
        self.assertEqual(projected, claims["projected"])
        self.assertEqual(contract.differences(projected, claims["shown"]), claims["differences"])
        bare, ruled = {**channel, "projection": {}}, claims["ruled"]
        self.assertEqual(contract.project(bare, sku, facts, ruled["terms"], None), claims["all"]["ruled"])
        for hiding in ruled["hiding"]:
            terms = {**ruled["terms"], "hidden_in": hiding["hidden_in"]}
            self.assertEqual(contract.visible_in(terms, channel), hiding["visible"])

    def test_messages(self):
        for name, vector in vectors("messages").items():
            with self.subTest(name):
                self.assertEqual(contract.hash_of(vector["message"]).hex(), vector["sha256"])


class Board(unittest.TestCase):
    def test_what_is_written_is_read(self):
        for claims in vectors("claims")["all"].values():
            self.assertEqual(board.read_back(board.render(claims)), claims)

    def test_the_whole_file(self):
        claims = vectors("claims")["all"]["weekend"]
        block = board.render(claims)
        file = board.whole({("b/-/x/store", "1"): block, ("a/-/x/store", "1"): block, ("a/-/x/store", "2"): block})
        self.assertEqual(board.split(file), [("a/-/x/store", block)] * 2 + [("b/-/x/store", block)])
        self.assertEqual(board.split(board.whole({})), [])


if __name__ == "__main__":
    unittest.main()
