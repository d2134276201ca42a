<?php
/** Tables that the shop's web service lacks, to be read by who has a key with the right to them, and never written. */
defined('_PS_VERSION_') || exit;

class SfsyncFeedOrder extends ObjectModel
{
    public $id_order, $id_internal_shoppingfeed, $id_order_marketplace, $name_marketplace, $id_shoppingfeed_token;
    public $date_add, $date_upd;
    public static $definition = ['table' => 'shoppingfeed_order', 'primary' => 'id_shoppingfeed_order', 'fields' => [
        'id_order' => ['type' => self::TYPE_INT],
        'id_internal_shoppingfeed' => ['type' => self::TYPE_STRING],
        'id_order_marketplace' => ['type' => self::TYPE_STRING],
        'name_marketplace' => ['type' => self::TYPE_STRING],
        'id_shoppingfeed_token' => ['type' => self::TYPE_INT],
        'date_add' => ['type' => self::TYPE_DATE],
        'date_upd' => ['type' => self::TYPE_DATE],
    ]];
    protected $webserviceParameters = [];
}

class SfsyncShipment extends ObjectModel
{
    public $id_order, $id_carrier, $tracking_number, $date_add, $date_upd;
    public static $definition = ['table' => 'shipment', 'primary' => 'id_shipment', 'fields' => [
        'id_order' => ['type' => self::TYPE_INT],
        'id_carrier' => ['type' => self::TYPE_INT],
        'tracking_number' => ['type' => self::TYPE_STRING],
        'date_add' => ['type' => self::TYPE_DATE],
        'date_upd' => ['type' => self::TYPE_DATE],
    ]];
    protected $webserviceParameters = [];
}

class SfsyncShipmentProduct extends ObjectModel
{
    public $id_shipment, $id_order_detail, $quantity;
    public static $definition = ['table' => 'shipment_product', 'primary' => 'id_shipment_product', 'fields' => [
        'id_shipment' => ['type' => self::TYPE_INT],
        'id_order_detail' => ['type' => self::TYPE_INT],
        'quantity' => ['type' => self::TYPE_INT],
    ]];
    protected $webserviceParameters = [];
}

/** Each is called as its table is, and one more s. A table that this shop lacks would be an error to who asks for it. */
function sfsyncbridge_resources()
{
    $found = [];
    foreach (['SfsyncFeedOrder', 'SfsyncShipment', 'SfsyncShipmentProduct'] as $class) {
        $table = $class::$definition['table'];
        if (Db::getInstance()->executeS("SHOW TABLES LIKE '" . str_replace('_', '\\_', _DB_PREFIX_ . $table) . "'")) {
            $forbidden = ['POST', 'PUT', 'PATCH', 'DELETE'];
            $found[$table . 's'] = ['description' => $table, 'class' => $class, 'forbidden_method' => $forbidden];
        }
    }

    return $found;
}
