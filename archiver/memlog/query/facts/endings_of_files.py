"""Whether a word looks like a file's name: by its ending, or by its folders."""

import re

# Endings of files that programs are told to read; `v1.2` and `feature/new.thing` have none of them.
_TOLD = """
a adoc apk app aps aspx astro avif avro awk bak bash bat bats bazel bib bicep bin blade bmp bz2 bzl c cc
cfg cjs class clj cljs cmake cmd cob coffee conf config cpp cr crt cs cshtml csproj css csv cts cu cue
cxx d dart dat db dbf deb dex diff dll dmg doc docx dot dylib ejs elf elm env epub erb erl err ex exe
exs f90 fasta feature fish flac flv fs fsproj fsx gem geojson gif glsl gml go gpx gql gradle graphql
groovy gz h haml handlebars har hbs hcl hex hh hpp hrl hs hta htm html hxx ico ics img iml ini inl ino
ipa ipynb iso j2 jade jar java jinja jks jl jpeg jpg js json json5 jsonc jsonl jsonnet jsp jsx key kicad
kml ko ks kt kts less lhs lib lisp ll lock log lua lz4 m m3u8 m4 m4a m4v map mat md mdc mdx mjs mk mkd
mkv ml mli mm mod mov mp3 mp4 mpg mts mustache nasm ndjson nim nix nsi o obj odt ogg onnx opus org orig
out p12 parquet pas patch pb pck pdb pdf pem pfx php phtml pkg pkl pl plist pm png po pot ppt pptx
prisma pro profile properties proto ps1 psd psm1 psv pt pth pub pug puml py pyc pyi pyx qml r rar rb rc
rds rego res resx rkt rmd rpm rs rst rtf s sass scad scala scm scss sed sh shader sln snap so sol spec
sql sqlite sqlite3 srt strings styl sum svelte svg swift swp t tar tcl tex tf tfstate tfvars tgz thrift
tif tiff tmp toml torrent tpl trace ts tsbuildinfo tsv tsx ttf twig txt typ uml v vb vbproj vcxproj vhd
vim vsix vtt vue war wasm wat wav webm webmanifest webp wgsl woff woff2 xaml xcconfig xhtml xlf xls xlsx
xml xsd xsl xslt xz yaml yml zig zip zsh zst
"""
_ENDINGS = frozenset(_TOLD.split())
_ENDING = re.compile(r"(?:^|[^.\\/])\.([A-Za-z0-9]{1,12})$")
_BY_NAME = re.compile(
    r"(?:.*[\\/])?(?:Makefile|Dockerfile[\w.-]*|Containerfile|Jenkinsfile|Gemfile|Rakefile|Procfile|Vagrantfile|Brewfile"
    r"|Justfile|justfile|LICENSE|README|CHANGELOG|NOTICE|CODEOWNERS|VERSION|AUTHORS|TODO|Pipfile|Caddyfile|Tiltfile|BUILD"
    r"|WORKSPACE|\.[A-Za-z][\w-]*(?:\.[\w-]+)*)"
)
_SHAPE = re.compile(r"[^\s=,;:!?'\"<>|]+")


def has_ending(text: str) -> bool:
    """Whether a word ends as files do, also one with `*` or braces in it."""
    text = text.rstrip("}")
    found = _ENDING.search(text)
    return (found is not None and found[1].lower() in _ENDINGS) or _BY_NAME.fullmatch(text) is not None


def looks_like_a_path(text: str) -> bool:
    """Whether a word has folders or a file's ending."""
    return has_ending(text) or (("/" in text or "\\" in text) and _SHAPE.fullmatch(text) is not None)
