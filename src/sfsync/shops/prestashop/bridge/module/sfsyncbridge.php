<?php
/**
 * Tells sfsync at once which orders were touched. What became of them sfsync reads by itself, and what it was not told
 * it finds by looking: a hint that is lost loses nothing, and nothing here may ever hold up the shop.
 */
defined('_PS_VERSION_') || exit;

class SfsyncBridge extends Module
{
    const HOOKS = [
        'actionObjectOrderHistoryAddAfter',
        'actionOrderStatusPostUpdate',
        'actionObjectOrderCarrierAddAfter',
        'actionObjectOrderCarrierUpdateAfter',
        'actionObjectOrderSlipAddAfter',
        'addWebserviceResources',
    ];

    /** Orders of one message. */
    const MOST = 5000;

    /** Milliseconds. */
    const CONNECT_WITHIN = 1000;
    const ANSWER_WITHIN = 1500;

    /** @var array<int, bool> the orders of this request, by their ids */
    private static $orders = [];

    public function __construct()
    {
        $this->name = 'sfsyncbridge';
        $this->tab = 'administration';
        $this->version = '1.0.0';
        $this->author = 'sfsync';
        $this->need_instance = 0;
        $this->ps_versions_compliancy = ['min' => '1.7.0.0', 'max' => '9.99.99'];
        parent::__construct();
        $this->displayName = 'sfsync';
        $this->description = $this->inFrench()
            ? 'Signale aussitôt à sfsync les commandes modifiées.'
            : 'Tells sfsync at once which orders have changed.';
    }

    public function install()
    {
        if (!parent::install()) {
            return false;
        }
        foreach (self::HOOKS as $hook) {
            if (!$this->registerHook($hook)) {
                return false;
            }
        }
        self::post([]);

        return true;
    }

    /** "Configure" in the list of modules: is sfsync there, and does it accept what this shop says? */
    public function getContent()
    {
        $status = self::post([]);
        if ($status === 204) {
            return $this->displayConfirmation($this->inFrench() ? 'sfsync répond.' : 'sfsync answers.');
        }
        if ($status === 401) {
            return $this->displayError($this->inFrench()
                ? 'sfsync ne reconnaît pas ce module : réinstallez sa dernière version, et vérifiez l’heure du serveur.'
                : 'sfsync does not recognise this module: install its latest version, and check the server’s clock.');
        }
        $answer = $status ? 'HTTP ' . $status : ($this->inFrench() ? 'pas de réponse' : 'no answer');

        return $this->displayError(
            ($this->inFrench() ? 'sfsync n’est pas joignable : ' : 'sfsync cannot be reached: ') . $answer
        );
    }

    public function hookActionObjectOrderHistoryAddAfter($params) { self::note($params); }
    public function hookActionOrderStatusPostUpdate($params) { self::note($params); }
    public function hookActionObjectOrderCarrierAddAfter($params) { self::note($params); }
    public function hookActionObjectOrderCarrierUpdateAfter($params) { self::note($params); }
    public function hookActionObjectOrderSlipAddAfter($params) { self::note($params); }

    /** What the shop has of its own under one of these names stays the shop's. */
    public function hookAddWebserviceResources($params)
    {
        try {
            require_once __DIR__ . '/resources.php';

            return array_diff_key(sfsyncbridge_resources(), isset($params['resources']) ? $params['resources'] : []);
        } catch (Throwable $error) {
            return [];
        }
    }

    private static function note($params)
    {
        try {
            $of = isset($params['object']->id_order) ? $params['object']->id_order : 0;
            $order = (int) (isset($params['id_order']) ? $params['id_order'] : $of);
            if ($order > 0 && !self::$orders) {
                register_shutdown_function([__CLASS__, 'wait']);
            }
            if ($order > 0) {
                self::$orders[$order] = true;
            }
        } catch (Throwable $error) {
            return;
        }
    }

    /** A function that is registered now is called after all those that the shop itself registered. */
    public static function wait()
    {
        register_shutdown_function([__CLASS__, 'tell']);
    }

    /** Once the merchant has the page: neither it nor the next click is to wait for us. */
    public static function tell()
    {
        try {
            $orders = array_keys(array_slice(self::$orders, 0, self::MOST, true));
            self::$orders = [];
            if (session_status() === PHP_SESSION_ACTIVE) {
                session_write_close();
            }
            if (function_exists('fastcgi_finish_request')) {
                fastcgi_finish_request();
            } elseif (function_exists('litespeed_finish_request')) {
                litespeed_finish_request();
            }
            self::post($orders);
        } catch (Throwable $error) {
            return;
        }
    }

    /** Signed as Standard Webhooks has it. The status of the answer; 0 without one. */
    private static function post(array $orders)
    {
        try {
            $to = require __DIR__ . '/config.php';
            $id = 'msg_' . bin2hex(random_bytes(16));
            $at = time();
            $body = json_encode(['orders' => $orders]);
            $key = base64_decode(substr($to['secret'], strlen('whsec_')));
            $signature = base64_encode(hash_hmac('sha256', $id . '.' . $at . '.' . $body, $key, true));
            $curl = curl_init($to['address']);
            curl_setopt_array($curl, [
                CURLOPT_POSTFIELDS => $body,
                CURLOPT_HTTPHEADER => [
                    'Content-Type: application/json',
                    'webhook-id: ' . $id,
                    'webhook-timestamp: ' . $at,
                    'webhook-signature: v1,' . $signature,
                    'Expect:',
                ],
                CURLOPT_USERAGENT => 'sfsync-bridge/1.0.0',
                CURLOPT_FOLLOWLOCATION => false,
                CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
                CURLOPT_NOSIGNAL => true,
                CURLOPT_CONNECTTIMEOUT_MS => self::CONNECT_WITHIN,
                CURLOPT_TIMEOUT_MS => self::ANSWER_WITHIN,
                CURLOPT_WRITEFUNCTION => function ($curl, $answer) {
                    return strlen($answer);
                },
            ]);
            curl_exec($curl);

            return (int) curl_getinfo($curl, CURLINFO_HTTP_CODE);
        } catch (Throwable $error) {
            return 0;
        }
    }

    private function inFrench()
    {
        return isset($this->context->language->iso_code) && $this->context->language->iso_code === 'fr';
    }
}
