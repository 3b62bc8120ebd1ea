# Read by tests/bundle/run: an account on Apache set up as EasyApache 4 does it, and what is promised there.
#
#   suexec-fcgid   mpm_event, suexec, mod_fcgid
#   suexec-cgi     mpm_event, suexec, mod_cgid alone
#   own-cgi        mpm_prefork and mod_cgi, the whole server as the account: what mod_ruid2, the hosts' default, amounts to
#
# suexec wants root, and homes below the folder that was compiled into it. Without root all is run by whoever runs this.
# shellcheck shell=bash disable=SC2154

modules=/usr/lib/apache2/modules
homes=()
host_pid=
mail_pid=

if [ "$(id -u)" = 0 ]; then account=nobody account_group=nogroup web_group=www-data; else account=$(id -un) account_group=$(id -gn) web_group=$account_group; fi
suexec_root() { /usr/lib/apache2/suexec -V 2>&1 | sed -n 's/.*AP_DOC_ROOT="\(.*\)"/\1/p'; }

# Runs a command as the account, from its home folder, with nothing of this environment.
as_account() {
  local drop=()
  if [ "$(id -u)" = 0 ]; then drop=(setpriv "--reuid=$account" "--regid=$account_group" --clear-groups); fi
  (cd "$home" && "${drop[@]}" env -i HOME="$home" PATH=/usr/local/bin:/usr/bin:/bin CURL_CA_BUNDLE="$work/site.pem" \
    SSL_CERT_FILE="$work/site.pem" "$@")
}

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { printf '%s\n' "$port"; return; }
  done
}

# A home folder as cPanel makes one: others may pass, the web server's group may read public_html.
make_home() {
  local parent=$work
  case $1 in suexec-*) parent=$(suexec_root) ;; esac
  home=$(mktemp -d "$parent/tandem-test.XXXXXX")
  homes+=("$home")
  mkdir "$home/public_html"
  chmod 711 "$home"
  chmod 750 "$home/public_html"
  chown "$account:$account_group" "$home"
  chown "$account:$web_group" "$home/public_html"
}

certificate() {
  [ -e "$work/site.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout "$work/site.key" -out "$work/site.pem" 2>/dev/null
  chmod 644 "$work/site.key"
}

load() {
  local name
  for name in "$@"; do
    if [ -e "$modules/mod_$name.so" ]; then printf 'LoadModule %s_module %s/mod_%s.so\n' "$name" "$modules" "$name"; fi
  done
}

configuration() {
  local kind=$1 run=$2
  case $kind in
    own-cgi) load mpm_prefork cgi ;;
    suexec-cgi) load mpm_event suexec cgid ;;
    suexec-fcgid) load mpm_event suexec cgid fcgid ;;
  esac
  load authz_core dir mime env setenvif headers rewrite autoindex unixd ssl socache_shmcb
  printf 'ServerRoot "%s"\nServerName localhost\nPidFile pid\nErrorLog error.log\nMutex file:%s\nTypesConfig /dev/null\n' "$run" "$run"
  printf 'Listen 127.0.0.1:%s\nListen 127.0.0.1:%s\n' "$tls_port" "$plain_port"
  if [ "$(id -u)" = 0 ] && [ "$kind" != own-cgi ]; then printf 'User www-data\nGroup www-data\n'; fi
  cat <<TEXT
<IfModule mod_cgid.c>
  ScriptSock $run/cgid.sock
</IfModule>
<IfModule mod_fcgid.c>
  FcgidIPCDir $run
  FcgidProcessTableFile $run/shm
</IfModule>
# As EasyApache 4 has it.
<Directory "/">
  AllowOverride All
  Options ExecCGI FollowSymLinks IncludesNOEXEC Indexes
</Directory>
<Files ".ht*">
  Require all denied
</Files>
SSLSessionCache none
TEXT
  local port tls suexec
  case $kind in suexec-*) suexec="SuexecUserGroup $account $account_group" ;; *) suexec='' ;; esac
  for port in "$tls_port" "$plain_port"; do
    tls=''
    if [ "$port" = "$tls_port" ]; then tls=$(printf 'SSLEngine on\nSSLCertificateFile %s\nSSLCertificateKeyFile %s' "$work/site.pem" "$work/site.key"); fi
    printf '<VirtualHost *:%s>\nDocumentRoot "%s/public_html"\n%s\n%s\n<Directory "%s/public_html">\nRequire all granted\n</Directory>\n</VirtualHost>\n' \
      "$port" "$home" "$suexec" "$tls" "$home"
  done
}

host_start() {
  local kind=$1 drop=()
  run=$work/run-$kind tls_port=$(free_port) plain_port=$(free_port)
  mkdir "$run"
  certificate
  configuration "$kind" "$run" >"$run/httpd.conf"
  if [ "$(id -u)" = 0 ]; then
    if [ "$kind" = own-cgi ]; then
      chown "$account" "$run"
      drop=(setpriv "--reuid=$account" "--regid=$account_group" --clear-groups)
    else
      chown www-data "$run"
    fi
  fi
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${drop[@]}" apache2 -DFOREGROUND -f "$run/httpd.conf" >"$run/start.log" 2>&1 &
  host_pid=$!
  site=https://localhost:$tls_port
  local tries
  for tries in $(seq 100); do
    curl -s -o /dev/null --cacert "$work/site.pem" "$site/" && return
    kill -0 "$host_pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$run/start.log" "$run/error.log" 2>/dev/null
  fail "Apache does not start ($kind)"
}

host_stop() {
  if [ -n "$host_pid" ] && kill -TERM "$host_pid" 2>/dev/null; then wait "$host_pid" 2>/dev/null || true; fi
  host_pid=
}

# Puts the commands of INSTALL.html that stand in elements of this class into the list `steps`, an element each.
written() {
  local rest step
  rest=$(<"$work/unzipped/tandem/INSTALL.html")
  steps=()
  while [[ $rest == *"<pre class=\"$1\">"* ]]; do
    rest=${rest#*"<pre class=\"$1\">"}
    step=${rest%%"</pre>"*}
    step=${step//&lt;/<} step=${step//&gt;/>} step=${step//&amp;/"&"}
    step=${step//https:\/\/YOUR.SITE/$site}
    steps+=("${step//@YOUR.SITE/@example.org}")
  done
}

# The host's sendmail is msmtp, which hands over to a server that keeps what it takes.
mail_start() {
  local port
  rm -rf "$work/mail"
  mkdir "$work/mail"
  cp "$work/site.key" "$work/mail/key.pem"
  cp "$work/site.pem" "$work/mail/cert.pem"
  tests/mail/server "$work/mail" >"$work/mail/ports" &
  mail_pid=$!
  for _ in $(seq 600); do [ -s "$work/mail/ports" ] && break || sleep 0.1; done
  read -r port _ <"$work/mail/ports" || fail "no mail server"
  printf 'account default\nhost 127.0.0.1\nport %s\n' "$port" >"$work/msmtprc"
  as_account sh -c 'umask 077; cat >.msmtprc' <"$work/msmtprc"
}

mail_stop() {
  if [ -n "$mail_pid" ] && kill -TERM "$mail_pid" 2>/dev/null; then wait "$mail_pid" 2>/dev/null || true; fi
  mail_pid=
}

mail_came() {
  grep -qs '^From: .*no-reply@example.org' "$work"/mail/*.mail || fail "the mail of tandem mail test did not come"
  passed "a mail by the host's sendmail"
}

# Does what INSTALL.html says, in its order.
install_as_written() {
  local step steps mails=false
  cp "$work/bundle/tandem-$version-cpanel.zip" "$home"
  # Another sendmail of this machine would send it into the world.
  if [ "$(readlink -f /usr/sbin/sendmail)" = "$(command -v msmtp)" ]; then mails=true; mail_start; fi
  written run
  for step in "${steps[@]}"; do
    if ! "$mails"; then step=$(grep -v "tandem mail test" <<<"$step"); fi
    as_account sh -e -c "$step" >"$work/step.log" 2>&1 || { cat "$work/step.log"; fail "INSTALL.html: $step"; }
    if [[ $step == *HTTPS_ONLY* ]]; then over_http; fi
  done
  passed "INSTALL.html, ${#steps[@]} steps as they are written"
  if "$mails"; then mail_came; mail_stop; fi
}

# What the web server and the program say, once there is a host.
logs() { [ -z "$host_pid" ] || tail -n 20 "$run/error.log" "$home/tandem/data/tandem.log" 2>/dev/null || true; }

# Whoever comes by plain HTTP is sent to HTTPS, unless the switch in .htaccess is off.
over_http() {
  local answer wanted=308
  if grep -q '^#.*E=HTTPS_ONLY' "$home/public_html/api/.htaccess"; then wanted=200; fi
  answer=$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' --resolve "tandem.test:$plain_port:127.0.0.1" "http://tandem.test:$plain_port/api/health/?x=1")
  case $wanted in
    200) [ "$answer" = "200 " ] || fail "with the switch off, plain HTTP answers $answer" ;;
    308) [ "$answer" = "308 https://tandem.test:$plain_port/api/health/?x=1" ] || fail "plain HTTP answers $answer" ;;
  esac
  passed "plain HTTP: $wanted"
}

# The lines for cron: five fields of time, then a command that says nothing when all is well.
cron_as_written() {
  local line said steps count=0
  written cron
  while IFS= read -r line; do
    [[ $line =~ ^[0-9*]+\ [0-9*]+\ \*\ \*\ \*\ (.+)$ ]] || fail "no line for cron: $line"
    said=$(as_account /bin/sh -c "${BASH_REMATCH[1]}" 2>&1) || fail "$line: $said"
    [ -z "$said" ] || fail "$line says: $said"
    count=$((count + 1))
  done < <(printf '%s\n' "${steps[@]}")
  ((count == 3)) || fail "INSTALL.html has $count lines for cron"
  ls "$home"/tandem/backups/*.gz >/dev/null || fail "no backup"
  passed "the three cron jobs, silently"
}

# The doctor, from outside too, as the mail of a cron job and as the page behind a link. A certificate that the test does not vouch
# for is the one thing that it must not like.
doctor_looks() {
  local kind=$1 report key page
  report=$(as_account tandem/bin/tandem doctor --json) || fail "the doctor finds: $report"
  jq -e 'all(.checks[]; .level == "ok") and (.checks | length > 18)' <<<"$report" >/dev/null || fail "the doctor notes: $report"
  case $kind in *-fcgid) key=FastCGI ;; *) key=CGI ;; esac
  jq -e --arg how "$key: $home/public_html/api/" '.checks[] | select(.name == "gateway") | .saw | startswith($how)' <<<"$report" >/dev/null || fail "the doctor sees another gateway: $report"
  report=$(as_account env -u SSL_CERT_FILE tandem/bin/tandem doctor --json) && fail "a certificate that nobody vouches for is well"
  [ "$(jq -r '[.checks[] | select(.level == "problem") | .name] | join(" ")' <<<"$report")" = https ] || fail "the doctor finds: $report"
  as_account touch tandem/data/doctor.txt
  ask "$site/api/doctor/" | grep -q 'Your file now holds a link' || fail "no link to the report"
  key=$(as_account sed -n "s|^$site/api/doctor/?key=||p" tandem/data/doctor.txt)
  page=$(ask -d "key=$key" "$site/api/doctor/")
  [[ $page == *'<p>no problems</p>'*'you came by HTTPS'* ]] || fail "the doctor's page: $page"
  [ "$(status -d "key=$key" "$site/api/doctor/")" = 403 ] || fail "a link works twice"
  passed "the doctor: no problem, nothing to note, and its page once"
}

ask() { curl -s -m 30 --cacert "$work/site.pem" --path-as-is "$@"; }
status() { ask -o /dev/null -w '%{http_code}' "$@"; }

# What lies in the web root by mistake is not for the web, whether the server may read it or not.
closed() {
  local path answer web=$home/public_html
  as_account sh -e -c 'cp -R tandem public_html/tandem; cp -R tandem/data public_html/api/data; cp tandem/data/tandem.db public_html/api/'
  for path in api/data/tandem.db api/data/secret api/tandem.db api/data/ api/errors/ api/.htaccess tandem/data/tandem.db tandem/data/secret \
    tandem/data/ tandem/backups/ tandem/bin/tandem tandem/ api/../../tandem/data/secret '%2e%2e/tandem/data/secret'; do
    answer=$(status "$site/$path")
    [[ $answer == 40[034] ]] || fail "/$path answers $answer"
  done
  rm -rf "$web/tandem" "$web/api/data" "$web/api/tandem.db"
  # The data folder by itself: what its own .htaccess does, as the program made it.
  as_account cp -R tandem/data public_html/data
  [[ $(status "$site/data/tandem.db") == 40[34] ]] || fail "the database can be downloaded"
  rm -rf "$web/data"
  passed "nothing listed, no data file to be had, even in the web root"
}

# The programs run as the account; under mod_fcgid they stay, else none is left.
processes() {
  local pid owner found=0
  for pid in /proc/[0-9]*; do
    [[ $(readlink "$pid/exe" 2>/dev/null) == "$home"/public_html/api/* ]] || continue
    found=$((found + 1))
    owner=$(stat -c %U "$pid")
    [ "$owner" = "$account" ] || fail "the program runs as $owner"
    memory=$(awk '/^VmRSS/ {print $2 " " $3}' "$pid/status")
  done
  case $1 in
    suexec-fcgid) ((found > 0)) || fail "no FastCGI process"; passed "FastCGI: $found processes as $account, the last with $memory resident" ;;
    *) ((found == 0)) || fail "$found programs stayed"; passed "CGI: no process stays" ;;
  esac
}

# LiteSpeed reads the same file; there is none to test with. What it would be told is tried by calling Apache by its name:
# everything goes to api.cgi.
as_litespeed() {
  local file=$home/public_html/api/.htaccess
  sed -i 's/^\( *RewriteCond %{SERVER_SOFTWARE}\) LiteSpeed$/\1 Apache/' "$file"
  mv "$home/public_html/api/api.fcgi" "$home/api.fcgi"
  [ "$(status "$site/api/health/")" = 200 ] || fail "not by api.cgi alone"
  ask -H 'Authorization: Bearer no.real.token' "$site/api/auth/me/" | grep -q token_not_valid || fail "no Authorization by api.cgi"
  [ "$(status "$site/api/api.cgi")" = 200 ] || fail "api.cgi by its own name"
  mv "$home/api.fcgi" "$home/public_html/api/api.fcgi"
  passed "the rules for LiteSpeed"
}

# A request starts the courier, from where the bundle puts it and as the account. It finds nothing to do, and goes.
courier_starts() {
  local data=$home/tandem/data tries
  as_account touch -d '1 minute ago' tandem/data/next-courier tandem/data/next-work
  # A process believes for a second what it has seen.
  for tries in $(seq 50); do
    [ "$(status "$site/api/health/")" = 200 ] || fail "no answer while a courier is due"
    if [ ! -e "$data/next-courier" ] && [ ! -e "$data/courier-turn" ]; then break; fi
    sleep 0.1
  done
  [ ! -e "$data/next-courier" ] || fail "no request starts the courier in $tries tries"
  [ ! -e "$data/courier-failing" ] || fail "the courier does not come to its end"
  passed "a request starts the courier"
}

# Two couples of the account, a push service on this machine that the settings name, and wake-ups handed over to it by couriers that
# requests start. A little later none of them is left, and nothing that ended was not waited for.
wakes() {
  local port couple tries line
  port=$(free_port)
  as_account sh -e -c "printf 'ports = [%s]\nprivate = [\"localhost\"]\nca = \"%s\"\n' $port $work/site.pem >>tandem/tandem.toml"
  for couple in one two; do as_account tandem/bin/tandem demo --json >"$work/$couple.json"; done
  line=$("$(tests/push/tools)" tests/push/host.py "$site" "$work" "$port" "$work/one.json" "$work/two.json" 2>"$work/push.log") || { cat "$work/push.log"; fail "no device is woken"; }
  passed "$line"
  for tries in $(seq 300); do couriers || break; sleep 0.1; done
  ! couriers || fail "a courier stays"
  ! zombies || fail "a process that nobody has waited for"
  passed "no courier stays, $((tries / 10)) s later"
}

# Is there a process that runs the account's own program?
couriers() {
  local pid
  for pid in /proc/[0-9]*; do [[ $(readlink "$pid/exe" 2>/dev/null) == "$home/tandem/bin/tandem"* ]] && return; done
  return 1
}

# Is there a child of the web server, or of one of its children, that has ended and that nobody has waited for?
zombies() { ps -eo pid=,ppid=,stat= | awk -v top="$host_pid" '{parent[$1] = $2; if ($3 ~ /^Z/) dead[$1]} END {for (pid in dead) {up = pid; while (up > 1) {up = parent[up]; if (up == top) exit 0}} exit 1}'; }

on_host() {
  local kind=$1 test
  if [ "$(id -u)" != 0 ]; then case $kind in suexec-*) printf '\n== %s: only root can set suexec up\n' "$kind"; return ;; esac; fi
  printf '\n== %s\n' "$kind"
  make_home "$kind"
  host_start "$kind"
  install_as_written
  [ "$(stat -c '%a %U' "$home/public_html")" = "750 $account" ] || fail "public_html has other permissions than before"
  [ "$(stat -c '%a %U' "$home/tandem/data/secret")" = "600 $account" ] || fail "the secret is not the account's alone"
  cron_as_written
  doctor_looks "$kind"
  over_http
  for test in tests/smoke/[0-9]*.sh; do
    CURL_CA_BUNDLE=$work/site.pem "$test" "$site" >"$work/smoke.log" 2>&1 || { cat "$work/smoke.log"; fail "$test on $kind"; }
    passed "$test"
  done
  courier_starts
  wakes
  processes "$kind"
  closed
  as_litespeed
  host_stop
}
