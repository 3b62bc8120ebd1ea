#!/usr/bin/php-cgi
<?php
/* The script as a CGI program; php-fpm would answer its first line. */
require __DIR__ . "/poll.php";
