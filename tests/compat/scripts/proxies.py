from xythub import XytClient, lookup_symbols

# The sandbox is not reached by https.
proxies = {"https": "http://proxy.mydomain.com:8888"}
XytClient.default().proxies = proxies
assert lookup_symbols(source="ACTIV", pattern="zal").rows > 0
assert XytClient.default().proxies == proxies
