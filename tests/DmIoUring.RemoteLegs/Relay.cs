using System.Net.Sockets;

namespace DmIoUring.RemoteLegs;

/// <summary>Carries every connection that it gets on to a server, and can stop, go on, cut them all, or be gone.</summary>
internal sealed class Relay : IDisposable
{
    private readonly Socket _listener;
    private readonly Func<Socket> _connect;
    private readonly Lock _lock = new();
    private readonly List<Socket> _sockets = [];
    private readonly ManualResetEventSlim _open = new(initialState: true);

    /// <summary>Takes over a socket that listens.</summary>
    /// <param name="listener">Where the initiator connects to.</param>
    /// <param name="connect">Makes a connection to the server.</param>
    public Relay(Socket listener, Func<Socket> connect)
    {
        _listener = listener;
        _connect = connect;
        Start(Accept);
    }

    /// <summary>From now on nothing passes: a server that has stopped, or a cable that is out.</summary>
    public void Stop() => _open.Reset();

    public void GoOn() => _open.Set();

    /// <summary>Ends every connection; new ones are taken.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _sockets.ForEach(static socket => socket.Dispose());
            _sockets.Clear();
        }
    }

    /// <summary>Ends every connection and takes no new ones.</summary>
    public void Vanish()
    {
        _listener.Dispose();
        Cut();
        GoOn();
    }

    public void Dispose() => Vanish();

    private static void Start(Action work) => new Thread(() => Quietly(work)) { IsBackground = true, Name = "relay" }.Start();

    /// <summary>The end of a connection is an exception here, from either side of it.</summary>
    private static void Quietly(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private void Accept()
    {
        while (true)
        {
            Socket client = _listener.Accept();
            Quietly(() =>
            {
                Socket server = _connect();
                lock (_lock)
                    _sockets.AddRange([client, server]);
                Start(() => Carry(client, server));
                Start(() => Carry(server, client));
            });
        }
    }

    private void Carry(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            while (from.Receive(buffer) is > 0 and var count)
            {
                _open.Wait();
                for (int sent = 0; sent < count;)
                    sent += to.Send(buffer, sent, count - sent, SocketFlags.None);
            }
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
