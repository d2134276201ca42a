<?php
/**
 * As much of PrestaShop as the bridge touches. php shop.php MODULE-FOLDER: what it reads is JSON, a list of
 * [method, parameters] that the shop calls one after the other. Prints what came of each, then "page", as the merchant
 * gets it; what follows happens after that.
 */
error_reporting(E_ALL);
set_error_handler(function ($number, $text, $file, $line) {
    throw new ErrorException($text, 0, $number, $file, $line);
});
define('_PS_VERSION_', '8.2.4');
define('_DB_PREFIX_', 'ps_');

class Module
{
    public $name, $tab, $version, $author, $need_instance, $ps_versions_compliancy, $displayName, $description, $context;
    public $hooks = [];

    public function __construct()
    {
        $this->context = (object) ['language' => (object) ['iso_code' => getenv('SHOP_LANGUAGE') ?: 'en']];
    }

    public function install() { return true; }
    public function registerHook($name) { $this->hooks[] = $name; return true; }
    public function displayConfirmation($text) { return 'good: ' . $text; }
    public function displayError($text) { return 'bad: ' . $text; }
}

class ObjectModel
{
    const TYPE_INT = 1, TYPE_STRING = 3, TYPE_DATE = 5;
}

class Db
{
    public static function getInstance() { return new self(); }

    public function executeS($sql)
    {
        preg_match("/^SHOW TABLES LIKE '(.*)'$/", $sql, $found);
        $tables = explode(' ', getenv('SHOP_TABLES') ?: '');

        return in_array(str_replace('\\_', '_', $found[1]), $tables) ? [[$found[1]]] : [];
    }
}

require $argv[1] . '/sfsyncbridge.php';

$module = new SfsyncBridge();
$began = microtime(true);
$results = [];
foreach (json_decode(stream_get_contents(STDIN), true) as list($method, $parameters)) {
    if (isset($parameters['object'])) {
        $parameters['object'] = (object) $parameters['object'];
    }
    $results[] = $module->$method($parameters);
}
echo json_encode(['results' => $results, 'hooks' => $module->hooks, 'seconds' => microtime(true) - $began]), "\n";
echo "page\n";
