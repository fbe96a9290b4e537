"""Writes each operator in every form that exporters give it, for the test of the importer.

    python3 forms.py FOLDER EVERY

writes FOLDER/NAME.onnx for one form in EVERY; with 1, for all 2,000. A form that
petrify must refuse is called refused-NAME.
"""

import sys

import architectures  # noqa: F401  (all register forms)
import features  # noqa: F401
import operators  # noqa: F401
import spellings  # noqa: F401
import transformers  # noqa: F401
import writers  # noqa: F401
from net import FORMS, Net


def main():
    folder, every = sys.argv[1], int(sys.argv[2])
    for name in list(FORMS)[::every]:
        build, opset, options = FORMS[name]
        path = f"{folder}/{name}.onnx"
        if options is None:  # it writes the file itself
            build(path, opset)
            continue
        n = Net(opset=opset, **options)
        n.save(path, **(build(n) or {}))


if __name__ == "__main__":
    main()
