"""A client with calls under way forks; the child makes a channel of its own. bare: hangs or fails; shimmed: ok"""
import concurrent.futures
import os
import sys
import grpc
def echo(request, context):
    return request
class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(echo)
# the server is a process of its own
reader, writer = os.pipe()
server_process = os.fork()
if server_process == 0:
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Handler(),))
    os.write(writer, str(server.add_insecure_port("127.0.0.1:0")).encode())
    os.close(writer)
    server.start()
    server.wait_for_termination(30)
    os._exit(0)
os.close(writer)
address = "127.0.0.1:" + os.read(reader, 20).decode()
def ask(channel, n):
    return channel.unary_unary("/echo/echo")(b"%d" % n, timeout=10)
bad = 0
channel = grpc.insecure_channel(address)
for i in range(5):
    assert ask(channel, i) == b"%d" % i
    calls = [channel.unary_unary("/echo/echo").future(b"x", timeout=20) for _ in range(20)]
    child = os.fork()
    if child == 0:
        with grpc.insecure_channel(address) as own:
            os._exit(0 if ask(own, i) == b"%d" % i else 1)
    bad += os.waitpid(child, 0)[1] != 0
    print("parent", {call.result() for call in calls})
channel.close()
os.kill(server_process, 9)
sys.exit(bad > 0)
