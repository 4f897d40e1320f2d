"""A fictional Delta, told through public verbs.

`data/` holds its parties as tables that people can read and edit; `parties` names their rows, `tables` reads
them, `story` plays them, `generate` makes any other size. Every party is invented: its Chinese name holds a
word proverbial for what does not exist (子虚, 乌有, 南柯 …), its credit code carries DEM0, its permits DEMO.
Sites stand a few kilometres off real industrial areas: distances are credible and nobody is meant.

Volumes follow public statistics: Shanghai in full (about 19 Mt of general industrial waste a year), Jiangsu,
Zhejiang and Anhui as a sample of about one tenth of theirs.
"""
