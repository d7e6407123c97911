"""`adapters_registry/`: one card per released adapter, the aliases, and the provenance beside each card.

```text
adapters_registry/
  aliases.yaml
  principles-lora/1.2.0.yaml            the card
  principles-lora/1.2.0.intoto.json     its provenance (in-toto statement)
  principles-lora/1.2.0.intoto.json.sig its signature, if it was signed
```
"""
