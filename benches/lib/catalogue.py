"""A generated catalogue in the import's format."""

import csv
import gzip
import random

from machine import ROOT

MAPPING = """locale = "hr"
tax_class = "standard"

[columns]
sku = "sku"
name = "name"
brand = "brand"
category = "category"
regular = "price"
sale_unit = "unit"
anchor = "anchor"
pack_quantity = "pack"
pack_unit = "pack_unit"

[sale_units]
piece = "piece"
kg = "kilogram"

[pack_units]
g = { unit = "kg", per = 1000 }
"""

WORDS = ["mlijeko", "kruh", "sir", "jogurt", "kava", "čaj", "sok", "voda", "čokolada", "keksi", "riža", "tjestenina", "ulje", "ocat", "šećer", "brašno", "maslac", "šunka", "piletina", "jabuka"]
BRANDS = ["Dukat", "Kraš", "Podravka", "Franck", "Ledo", "Vindija", "Zvijezda", "Jamnica", "Cedevita", "K plus"]
CATEGORIES = 10


def sku(number):
    return f"{number:07d}"


def write(folder, skus, rich=False):
    """Writes `skus` products with a price each, in ten categories of the same
    size; rich ones have a pack and an anchor price too. Gives the list and its
    mapping. The same for the same number."""
    random.seed(20261120)
    prices, mapping = folder / f"catalogue-{skus}.csv", folder / "mapping.toml"
    mapping.write_text(MAPPING)
    with open(prices, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sku", "name", "brand", "category", "price", "unit", "anchor", "pack", "pack_unit"])
        for number in range(skus):
            brand = random.choice(BRANDS)
            grams = random.randint(1, 20) * 50
            name = f"{random.choice(WORDS).capitalize()} {random.choice(WORDS)} {brand} {grams} g"
            group = number * CATEGORIES // skus
            cents = random.randint(400, 999)
            price = f"{cents // 100}.{cents % 100:02}"
            unit = "kg" if random.random() < 0.05 else "piece"
            rows.writerow([sku(number), name, brand, f"grupa-{group}/polica-{number % 37}", price, unit, *([price, grams, "g"] if rich else ["", "", ""])])
    return prices, mapping


def konzum(folder):
    """The published list of a Croatian chain where it is at hand
    (OFFERCAST_BENCH_LIST), else a generated one of the same shape: 13,438 SKUs,
    35,205 rows in four stores."""
    import os

    given = os.environ.get("OFFERCAST_BENCH_LIST")
    if given:
        return given, "the list named by OFFERCAST_BENCH_LIST"
    for beside in ROOT.parent.glob("shared/data/konzum_hr_*.csv.gz"):
        return beside, "Konzum's list of 2025-07-03"
    random.seed(20250703)
    file = folder / "list.csv.gz"
    header = "store,sku,gtin,gtin_valid,title,brand,category_path,price,currency,regular_price,special_price,lowest_30d,anchor_price,net_qty,net_unit,sale_unit,unit_price".split(",")
    left = 35_205
    with gzip.open(file, "wt", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(header)
        for number in range(13_438):
            share = left / (13_438 - number)
            stores = min(4, int(share) + (random.random() < share % 1))
            left -= stores
            cents = random.randint(39, 4999)
            price = f"{cents // 100}.{cents % 100:02}"
            special = random.random() < 2385 / 35205
            name = f"{random.choice(WORDS).upper()} {random.choice(WORDS).upper()} {number}"
            for store in sorted(random.sample(["0204", "0216", "1300", "2214"], stores)):
                rows.writerow([store, f"{number:08d}", "", 0, name, random.choice(BRANDS), "PREHRANA", price, "EUR", "" if special else price, price if special else "", price if special else "", price, "0.50", "kg", "ko", ""])
    return file, "a generated list of the same shape"
