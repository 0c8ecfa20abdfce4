"""How is an item report handed over as files: tables, one JSON document, a page with charts?"""
