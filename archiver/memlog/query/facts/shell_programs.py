"""Programs whose operands are files: what each does with them, and which of its words are none."""

import re
from typing import NamedTuple

# A line: names, what is done with operands, and words about the rest.
#   -k        an option whose value is no file        -o:write  its value is a file
#   -e!       its value is the script, so no operand is    -n!0      there is no script (and it has no value)
#   --arg*2   two values, the last a file where `:read` follows
#   -i?=edit  what is done is another thing; a value may only be joined to it
#   -d@       a file stands behind an @ of its value    -y~       a switch, where options are `valued`
#   skip=N    so many operands first are none          named     operands count that have a file's ending
#   none      no operand is a file                     whole     `-name` is one option, not four
#   valued    an option that is not told takes a value  plus      `+12` is an option
#   local     `host:path` is elsewhere                 verb=a,b  these words may come first
#   keys      `name=value` is no file                  win       cmd.exe: `/b` is an option; names in any case
# A name with + is a program and the words that say what it does: `docker+cp`.
_TABLE = r"""
cat,less,more,zless,zmore,most read plus
bat,batcat read --line-range -r -l --language --theme --style --paging --color -H --highlight-line --map-syntax --tabs
tac,rev,zcat,gzcat,bzcat,xzcat,zstdcat,strings,md5,cksum,sum,b2sum,sha1sum,sha224sum,sha512sum,lzcat read -n -t
head,tail read -n -c --lines --bytes -s --pid
nl read -w -b -v -i -s -h -f -n -l -d
wc,md5sum,sha256sum,readlink,realpath,ldd,cloc,tokei,scc,zipinfo,glow,mdcat read
ffprobe,exiftool,identify,dot,play read named whole -o:write
shasum read -a --algorithm
xxd read -l -s -c -g -o -n
od read -A -t -N -j -w -S --address-radix --format --read-bytes
hexdump,hd read -n -s -e -f
file,stat,gstat read -f -c -t -m -F --format --printf --magic-file
sort,gsort read -k -t -S -T --key --field-separator -o:write --output:write --parallel
uniq read -f -s -w
cut read -d -f -b -c --delimiter --fields --bytes --characters --output-delimiter
paste,join read -d -t -1 -2 -j -o -a -e -v
comm,look,pr,ul read
fold,fmt read -w
expand,unexpand read -t --tabs
column read -t~ -s -c -N -H -R -o -J~ -O
diff,colordiff,sdiff,diff3,git-diff,icdiff,delta,difft read -U -C -x -I -W --exclude -X:read --label -L
cmp read -n -i
vimdiff,meld,opendiff,kdiff3 read
source,.,tsort read only=1
split,csplit read -l -b -n -a -C -d~ --lines --bytes
iconv read -f -t -o:write --from-code --to-code --output:write
base64,base32 read -w -i:read -o:write --wrap
ls,gls,eza,exa,lsd,lsattr list -I -w -T --color-scale --level -L~ --ignore --hide --sort --time
dir,vdir list win
tree list -L -I -P -o:write --filelimit --charset
du,gdu,dust,ncdu,df list -d -t -B --max-depth --exclude --threshold -n
find,gfind list
rm,rmdir,unlink,trash,trash-put,rimraf,srm,grm,del-cli delete
shred delete -n -s
touch write -d -r:read -t --date --reference:read
tee write
mkdir write -m --mode
mktemp write -p:write --tmpdir -t
mv,gmv,cp,gcp,ln,gln,pbcopy write -t:write --target-directory:write -S --suffix
install write -m -o -g -t:write --mode --owner --group
rsync write local -e --rsh --exclude --include --exclude-from:read --files-from:read --filter -f --bwlimit --chmod -B --log-file:write --link-dest:read --password-file:read --port --timeout
scp,sftp write local -P -i:read -F:read -o -l -c -J -S
chmod,gchmod write mode skip=1 --reference!:read
chown,gchown,chgrp,setfacl,chattr,xattr,chcon write skip=1 --reference!:read
truncate,fallocate write -s -r:read -l -o --size
gzip,gunzip,bzip2,bunzip2,xz,unxz,zstd,unzstd,lz4,brotli,pigz,compress,uncompress,7zz write -S -T -o:write --output:write
zip write -x -i -n -b -P
unzip read -d:write -P
7z,7za,7zr write skip=1
unrar write skip=1
jar write
tar,gtar,bsdtar write -f:write --file:write -C:write --directory:write -X:read --exclude -T:read --files-from:read --exclude-from:read --transform -s -b --strip-components --owner --group --mode -I --use-compress-program --wildcards~
cpio,ar write none
dd write dd
sed,gsed,ssed read skip=1 -e! --expression! -f!:read --file!:read -i?=edit -l -s~ -E~
awk,gawk,mawk,nawk read skip=1 keys -v -F -f!:read --assign --field-separator --file!:read
perl read script -e! -E! -i?=edit -I -M? -m? -F?
jq,jaq,gojq read skip=1 --arg*2 --argjson*2 --slurpfile*2:read --rawfile*2:read -f!:read --from-file!:read -L --indent --args~ -n~ --tab~
yq read skip=1 -i=edit --inplace=edit verb=eval,e,eval-all,ea,ea -p -o -I --indent --input-format --output-format --from-file!:read --split-exp
xmllint read --xpath --schema:read --output:write --encode
xmlstarlet read none
plutil read named whole -convert -o:write -extract -replace -insert -remove
mlr read none --from:read
csvcut,csvlook,csvgrep,csvstat,csvsort,csvjson,in2csv read -c -m -r -d -q -e
tidy read -o:write -config:read
grep,egrep,fgrep,zgrep,ggrep,zegrep,bzgrep,ripgrep search skip=1 -e! --regexp! -f!:read --file!:read -A -B -C -m -d -D --context --after-context --before-context --max-count --include --exclude --exclude-dir --label --exclude-from:read
rg,rga search skip=1 -e! --regexp! -f!:read --file!:read --files!0 --type-list!0 -A -B -C -g -t -T -m -j -M -r -d -E --glob --iglob --type --type-not --context --after-context --before-context --max-count --max-depth --maxdepth --max-columns --replace --sort --sortr --type-add --pre --encoding --threads --engine --colors --color --ignore-file:read --max-filesize
ag,ack,pt,ugrep,ug search skip=1 -A -B -C -G -m -g! -p:read --ignore --ignore-dir --depth --context --after --before --max-count --file-search-regex
fd,fdfind search skip=1 -e -t -d -E -x! -X! -j -S -o -c --extension --type --max-depth --min-depth --exact-depth --exclude --size --changed-within --changed-before --search-path:search --base-directory:search --threads --color --format --max-results
locate,mdfind,ast-grep,sg,comby search none
sqlite3,sqlite,duckdb,sqlite-utils+tables,sqlite-utils+schema,sqlite-utils+query,sqlite-utils+rows,litecli read only=1 whole -separator -nullvalue -init:read -cmd -c -newline -maxsize
datasette read named -p -h --port --host -m:read --metadata:read -c:read --config:read
psql,mysql,mariadb,mongosh,redis-cli,cqlsh read none -f:read --file:read -o:write --output:write -L:write
pg_dump,pg_dumpall,mysqldump,mongodump write none -f:write --file:write --result-file:write -r:write --out:write
pg_restore,mongorestore read named -f:write -d -U -h -p -j -t -n
patch edit -p -i:read --input:read -o:write --output:write -d -D -r -B --strip -F
apply_patch,applypatch edit none
ed,ex,vi,vim,nvim,view,nano,pico,emacs,emacsclient,micro,hx,helix,code,code-insiders,cursor,windsurf,subl,mate,gedit,kate,kak,zed,idea,notepad,notepad++,xdg-open edit plus pathlike -c -u -S:read --cmd -g~ --goto~
open,start read named -a -b -n~ -e~
dos2unix,unix2dos edit -n~
gcc,g++,cc,c++,clang,clang++,tcc,icc,emcc,em++,x86_64-w64-mingw32-gcc,aarch64-linux-gnu-gcc,gfortran,nvcc,ld,as,nasm,yasm,zig+cc read named whole -o:write -I -L -D -U -include:read -MF:write -MT -x -isystem -framework -arch -target -T:read -f -Xlinker -Xclang
rustc read named whole -o:write --out-dir:write --crate-name --crate-type --edition -L -C -A -W --cfg --emit --target --extern
javac,kotlinc,scalac,groovyc,csc,fsc,mcs,vbc,ghc,ocamlc,ocamlopt,swiftc,dmd,ldc2,valac,nim+c,zig+build-exe,fpc,solc,vyper read named whole -o:write -d:write -cp -classpath --release -source -target -I -framework -package
protoc,buf+lint,flatc,thrift read named -I --proto_path
tsc,vue-tsc,tsgo read named -p:read --project:read --outDir:write --outFile:write --target --module --lib --jsx --moduleResolution --types --declarationDir:write
go+build,go+install,go+test,go+run,go+vet read none -o:write -coverprofile:write -cpuprofile:write -memprofile:write -modfile:read -overlay:read whole
gofmt,goimports,gofumpt,golines,gci read named -r -local -m --local
go+fmt,go+generate,go+list read named whole
rustfmt,black,isort,autopep8,yapf,ruff+check,ruff+format,ruff,flake8,pylint,pyflakes,pycodestyle,mypy,pyright,basedpyright,ty+check,bandit,pyupgrade,autoflake,vulture,radon+cc,djlint,sqlfluff+lint,sqlfluff+fix,sqlfluff+format read named --edition --config:read --config-path:read --config-file:read --rcfile:read -l --line-length --select --ignore --extend-select --output-format --target-version -t --profile --max-line-length -p --python-version --python-executable --project --outputjson~ --dialect --cache-dir
eslint,prettier,stylelint,standard,xo,biome+check,biome+lint,biome+format,biome+ci,oxlint,oxfmt,dprint+fmt,dprint+check,tslint,markdownlint,markdownlint-cli2,cspell,textlint,alex,write-good,htmlhint,csslint,jshint,jscpd,svelte-check,remark,deno+fmt,deno+lint,deno+check,rome+check,rustywind,sort-package-json,terser,uglifyjs,esbuild,swc,babel,lessc,sass,postcss,cleancss,html-minifier,svgo,pug,tailwindcss read named -c:read --config:read --ext --rule --parser --format -f -o:write --output:write --output-file:write --outfile:write --outdir:write --max-warnings --fix-type --config-path --ignore-path:read --plugin -i:read --input:read --loader --platform --target --bundle~ -w~ --write~ --resolve-plugins-relative-to --stdin-filepath --parser-options
clang-format,clang-tidy,cppcheck,cpplint,astyle,uncrustify,indent,gersemi,cmake-format,shellcheck,shfmt,hadolint,yamllint,yamlfmt,taplo+fmt,taplo+lint,taplo+format,actionlint,checkmake,vale,proselint,codespell,typos,stylua,luacheck,rubocop,standardrb,reek,erb_lint,haml-lint,perltidy,perlcritic,phpcs,phpcbf,phpstan,psalm,php-cs-fixer,pint,ktlint,swiftlint,swift-format,swiftformat,scalafmt,ormolu,fourmolu,hlint,nixfmt,alejandra,mix+format,gdformat,gdlint,google-java-format,csharpier,dart+format,dart+analyze,dartfmt,elm-format,terraform+fmt,packer+fmt,buf+format,sqlfmt,zprint,cljfmt,pgformatter,checkov,jsonlint,xmlformat,nginx-config-formatter,ansible-lint,djhtml,mdformat,curlylint,prettierd,detect-secrets+scan,jsonschema,ajv+validate,check-jsonschema,swagger-cli+validate,redocly+lint,spectral+lint read named whole -c:read --config:read -style -s -S -f -e -x -o:write --severity --exclude --format --shell --only --standard --schemafile:read -ln -d -r
nm,objdump,readelf,otool,size,strip,lipo,ar,codesign,addr2line,c++filt,install_name_tool,patchelf,upx,dsymutil,chrpath,gcov,llvm-objdump,llvm-nm,wasm-objdump,wasm2wat,wat2wasm,javap read pathlike -j --section --arch -arch -s -o:write
gdb,lldb,valgrind,strace,ltrace,perf,hyperfine read none -o:write -x:read -p --output:write --log-file:write --export-json:write --export-markdown:write
openssl write none whole -in:read -out:write -key:read -cert:read -keyout:write -inkey:read -CAfile:read -CA:read -CAkey:read -config:read -extfile:read -certfile:read -signature:read -sign:read -verify:read -kfile:read -pubin~ -noout~ -text~
openssl+dgst read whole -out:write -sign:read -verify:read -signature:read -hmac
ssh-keygen write none -f:write
ssh-add read -t
ssh-copy-id read none -i:read
ssh,autossh,mosh read none -i:read -F:read
gpg,gpg2,age,sops,ansible-vault write named -o:write --output:write -r --recipient -u -i:read -d~ --decrypt~ -e~ -k
make,gmake,bmake,mingw32-make read none -f:read --file:read --makefile:read
just,task read none -f:read --justfile:read --taskfile:read -t:read whole
cmake read none -P:read -C:read whole
ninja,meson read none -f:read whole
cargo read none --manifest-path:read --config whole
docker,podman,nerdctl,docker+run read none --env-file:read whole
docker+cp,podman+cp write local whole
docker+build,docker+buildx+build,podman+build read none -f:read --file:read --iidfile:write whole
docker+compose,docker-compose,podman-compose read none -f:read --file:read --env-file:read whole
docker+save,docker+load,docker+export,docker+import read none -o:write -i:read --output:write --input:read whole
kubectl,oc,k read none -f:read --filename:read -k:read --kustomize:read --kubeconfig:read --from-file:read --from-env-file:read whole
kubectl+cp write local -n -c whole
helm read none -f:read --values:read whole
helm+install,helm+upgrade,helm+template,helm+lint read dirs -f:read --values:read --set -n --namespace --version --timeout --set-file whole
kustomize+build,helmfile read named
terraform,tofu,terragrunt write none whole -out:write -var-file:read -state:read -chdir -backend-config:read
ansible-playbook read named -i:read --inventory:read -e --extra-vars -l --limit -t --tags --vault-password-file:read --private-key:read -u whole
ansible read none -i:read whole
gh read none --body-file:read -F:read --notes-file:read --input:read --template:read -T:read whole
gh+release+upload read skip=1 -R --repo whole
gh+release+create read skip=1 -R --repo -t --title -n --notes -F:read --notes-file:read --target whole
gh+gist+create read -d --desc -f whole
gh+api,gh+issue+list,gh+pr+list,gh+run+list,gh+search read none --input:read whole
glab read none whole
aws+s3+cp,aws+s3+mv,aws+s3+sync,aws+s3+rm,gsutil+cp,gsutil+rsync,gcloud+storage+cp,rclone+copy,rclone+sync,azcopy+copy write local --profile --region --exclude --include --acl --endpoint-url --content-type --cache-control whole
aws read none --cli-input-json:read --template-file:read --zip-file:read whole
gcloud,az,heroku,vercel,netlify,fly,flyctl,wrangler,firebase,supabase read none -c:read --config:read --env-file:read whole
curl write none -o:write --output:write -T:read --upload-file:read -K:read --config:read -d@ --data@ --data-binary@ --data-raw --data-urlencode@ --json@ -F@ --form@ -c:write --cookie-jar:write -D:write --dump-header:write --cacert:read --cert:read --key:read -E:read -w -H@ --header@ --output-dir:write -b@ -X -u -A -e -m
wget write none -O:write --output-document:write -P:write --directory-prefix:write -i:read --input-file:read -o:write --output-file:write --post-file:read --load-cookies:read --save-cookies:write
http,https,xh read none -o:write --output:write whole
aria2c,axel,yt-dlp,youtube-dl write none -d:write -o:write -i:read --output:write --dir:write -P:write -a:read --cookies:read
ffmpeg write whole valued -i:read -y~ -n~ -an~ -vn~ -sn~ -nostdin~ -hide_banner~ -shortest~ -stats~ -nostats~ -re~ -vstats~ -copyts~
sox,lame,opusenc,flac,oggenc,cwebp,dwebp,avifenc,cjpeg,djpeg,optipng,pngquant,jpegoptim,gifsicle,rsvg-convert,inkscape,sips,potrace,qpdf,pdftk,pdftotext,pdftoppm,pdfunite,pdfimages,gs,pdfinfo,img2pdf,ps2pdf,mutool,tesseract,wkhtmltopdf,weasyprint,typst,typst+compile,xelatex,pdflatex,lualatex,latexmk,bibtex,plantuml,mmdc,soffice,libreoffice,antiword,docx2txt,exiv2,mediainfo,woff2_compress,pyftsubset,afplay,aplay write named whole -o:write -i:read -r -w -h --output:write -q --outdir:write --out:write
convert,magick,mogrify,montage,compare,composite write whole valued named -strip~ -auto-orient~ -flatten~ -trim~ -negate~ -flip~ -flop~ -alpha -append~ +append~ +repage~
pandoc read named -o:write --output:write -f -t -r -w --from --to -c:read --css:read --template:read --bibliography:read -H:read -B:read -A:read --reference-doc:read -V -M --metadata --filter -L:read --lua-filter:read --metadata-file:read --extract-media:write --resource-path
markdown,asciidoctor,rst2html,mdbook+build read named -o:write
virtualenv,venv write only=1 -p --python --prompt
json.tool,json_pp,json_reformat,py_compile,ast.tool read --indent
zipfile,tarfile write none -c:write -l:read -e:read --create:write --list:read --extract:read
mkfifo,mknod write -m
mount,umount,losetup read none
crontab read named
visudo,logrotate read named
sysctl read none -p:read
nginx read none -c:read whole
caddy read none --config:read whole
ctags,cscope,universal-ctags write named -f:write -o:write
wasm-pack,trunk read none
sponge write
flock write only=1
type read named win
copy,xcopy,robocopy,move,ren,rename,md write win
del,erase,rd delete win
findstr search win skip=1 /c~ /g~
fc,comp,certutil,attrib,icacls,takeown read named win
"""
_TOKEN = re.compile(r"([-+/]{1,2}[\w.+-]+?)(\?)?(!)?(0)?(\*2)?(~)?(@)?(?:=(\w+))?(?::(\w+))?")


class Option(NamedTuple):
    """What an option takes: so many words, the last of them a file where `act` says what is done with it."""

    values: int = 1
    act: str | None = None
    scripts: bool = False
    turns: str | None = None
    joined: bool = False
    at: bool = False


class Program(NamedTuple):
    """What a program does with its operands, and what it says beside them."""

    act: str
    says: frozenset[str]
    options: dict[str, Option]
    skip: int
    only: int
    verbs: frozenset[str]


def _program(act: str, tokens: list[str]) -> Program:
    says, options, numbers = set(), {}, {"skip": 0, "only": 0}
    verbs: frozenset[str] = frozenset()
    for token in tokens:
        name, _, value = token.partition("=")
        if name in numbers:
            numbers[name] = int(value)
        elif name == "verb":
            verbs = frozenset(value.split(","))
        elif token[0] in "-+/" and (found := _TOKEN.fullmatch(token)):
            option, joined, scripts, nothing, two, switch, at, turns, act_ = found.groups()
            takes = 0 if nothing or switch or joined or turns else 2 if two else 1
            options[option] = Option(takes, act_, bool(scripts), turns, bool(joined), bool(at))
        else:
            says.add(token)
    return Program(act, frozenset(says), options, numbers["skip"], numbers["only"], verbs)


PROGRAMS: dict[str, Program] = {}
for _line in _TABLE.strip().splitlines():
    _names, _act, *_rest = _line.split()
    PROGRAMS.update(dict.fromkeys(_names.split(","), _program(_act, _rest)))
# Programs whose next word says what they do.
HEADS = frozenset(name.rsplit("+", n + 1)[0] for name in PROGRAMS for n in range(name.count("+")))
# Programs that are told what to do by options alone: the words behind their names are files.
NAMED_BY_OPERANDS = frozenset(
    name
    for name, program in PROGRAMS.items()
    if "+" not in name and not program.says & {"none", "named", "win"}
)
