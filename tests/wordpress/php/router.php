<?php
// Answer for PHP's built-in server: files as they are, index.php for every other address.
define('ABSPATH', getenv('WORDPRESS_FOLDER') . '/');  // Its files are links, which PHP resolves to Debian's folder.
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
$file = $_SERVER['DOCUMENT_ROOT'] . $path;
if (is_file($file) && !str_ends_with($file, '.php')) {
    return false;
}
$script = str_ends_with($file, '.php') && is_file($file) ? $path : '/index.php';
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $script;
$_SERVER['SCRIPT_FILENAME'] = $_SERVER['DOCUMENT_ROOT'] . $script;
require $_SERVER['SCRIPT_FILENAME'];
