"""Packaging; everything else is in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

# Named outright: with several top-level packages, setuptools refuses to discover them by itself.
_PACKAGES = ("schemas", "models", "transforms", "demo", "pipeline")

setup(
    name="staunen",
    version="0.1.0",
    description="Turns complaint exports into Parquet tables that show what recovery does to loyalty",
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.13",
    packages=find_packages(include=[f"{name}{rest}" for name in _PACKAGES for rest in ("", ".*")]),
    package_data={
        "schemas.sources": ["*.yaml"],
        "models": ["default/*"],
        "demo": ["conversations/*"],
    },
    entry_points={"console_scripts": ["staunen = pipeline.cli:main"]},
    install_requires=[
        "apache-beam==2.77.*",
        "pyarrow>=25,<26",
        "transformers>=5.23,<6",
        "onnxruntime>=1.31,<2",
        "safetensors>=0.8",
        "numpy>=2",
        "scipy>=1.17",
        "statsmodels>=0.15",
        "duckdb>=2,<3",
        "pydantic>=2.14,<3",
        "PyYAML>=6",
        "typer>=0.29",
        "rich>=15",
        "zstandard>=0.25",
        "holidays>=0.109",
        "phonenumbers>=9",
        "py3langid>=0.4",
        "python-stdnum>=2.2",
        "tzdata>=2026.1",
    ],
    extras_require={
        "torch": ["torch==2.13.0"],
        "gcp": ["apache-beam[gcp]==2.77.*"],
        "aws": ["apache-beam[aws]==2.77.*"],
        "report": ["altair>=5", "vl-convert-python", "Jinja2>=3"],
        "training": ["torch==2.13.0", "onnx", "scikit-learn"],
        "dev": [
            "torch==2.13.0",
            "onnx",
            "scikit-learn",
            "coverage",
            "hypothesis",
            "import-linter",
            "mypy",
            "pre-commit",
            "pytest",
            "ruff",
            "types-PyYAML",
        ],
    },
)
