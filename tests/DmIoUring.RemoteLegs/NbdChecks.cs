using System.Globalization;
using DmIoUring.Interop;

namespace DmIoUring.RemoteLegs;

/// <summary>What becomes of requests on a network block device whose other side goes away.</summary>
internal static class NbdChecks
{
    private const int Timeout = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    /// <summary>The kernel looks every Timeout seconds, and a request that just missed one look waits for the next.</summary>
    private static readonly TimeSpan AfterTimeout = TimeSpan.FromSeconds((4 * Timeout) + 10);

    public static void Run(Checks checks)
    {
        checks.Run("nbd: three whole legs hold what was written", () => With(null, null, static (_, _, legs) => legs.AllEnd(legs.WriteMany(), Soon, failed: 0)));
        checks.Run("nbd by netlink without -timeout, the connection is cut: what is under way ends with the remote leg's bit alone, at nbd-client -d at the latest", () => With(null, null, static (server, leg, legs) =>
        {
            leg.Relay.Stop();
            Task<IoResult>[] writes = legs.WriteMany();
            Thread.Sleep(Limit);
            leg.Relay.Vanish();
            return EndAtDisconnectAtTheLatest(leg, legs, writes);
        }));
        checks.Run("nbd by netlink without -timeout, the server is killed: what is under way ends with the remote leg's bit alone, at nbd-client -d at the latest", () => With(null, null, KilledWithoutTimeout));
        checks.Run("nbd -nonetlink without -timeout, the server is killed: every write ends with the remote leg's bit alone, at nbd-client -d at the latest", () => With(null, null, KilledWithoutTimeout, netlink: false));
        checks.Run("nbd -timeout, the server is killed: every write ends with the remote leg's bit alone", () => With(Timeout, null, Killed));
        checks.Run("nbd -timeout, the server has stopped: every write ends with the remote leg's bit alone", () => With(Timeout, null, static (server, leg, legs) =>
        {
            server.Stop();
            return legs.AllEnd(legs.WriteMany(), AfterTimeout, ThreeLegs.Remote, Errno.EIO, Errno.ETIMEDOUT);
        }));
        checks.Run("nbd -timeout, nothing comes through: every write ends with the remote leg's bit alone", () => With(Timeout, null, static (server, leg, legs) =>
        {
            leg.Relay.Stop();
            return legs.AllEnd(legs.WriteMany(), AfterTimeout, ThreeLegs.Remote, Errno.EIO, Errno.ETIMEDOUT);
        }));
        checks.Run("nbd -timeout, the server stops for a moment and goes on: every write ends well", () => With(4 * Timeout, null, static (server, leg, legs) =>
        {
            server.Stop();
            Task<IoResult>[] writes = legs.WriteMany();
            Thread.Sleep(Limit);
            server.GoOn();
            return legs.AllEnd(writes, AfterTimeout, failed: 0);
        }));
        foreach (IoRingKind ring in new[] { IoRingKind.Automatic, IoRingKind.Workers })
        {
            checks.Run($"nbd without -timeout, {ring}: callers' buffers stay with the kernel, whatever the time limit, until the server goes on", () => With(null, Limit, UserMemory, ring));
            checks.Run($"nbd without -timeout, {ring}: stable copies end at the time limit, and their pages come back when the server goes on", () => With(null, Limit, StableCopies, ring));
        }
    }

    private static string With(
        int? timeout, TimeSpan? limit, Func<NbdServer, NbdLeg, ThreeLegs, string> check, IoRingKind ring = IoRingKind.Automatic, bool netlink = true)
    {
        using NbdServer server = new();
        using NbdLeg leg = new(server, timeout, netlink);
        using ThreeLegs legs = new(leg, limit, ring);
        return check(server, leg, legs);
    }

    private static string Killed(NbdServer server, NbdLeg _, ThreeLegs legs)
    {
        server.Stop();
        Task<IoResult>[] writes = legs.WriteMany();
        Thread.Sleep(Limit);
        server.Kill();
        string seen = legs.AllEnd(writes, AfterTimeout, ThreeLegs.Remote, Errno.EIO, Errno.ETIMEDOUT);
        legs.AllEnd(legs.WriteMany(), Soon, ThreeLegs.Remote);
        return seen;
    }

    /// <summary>
    /// nbd_xmit_timeout (drivers/block/nbd.c) goes on waiting where no time-out is set, though the connection is dead: so all of them did on 6.12. On 7.2
    /// some were seen to end by themselves, and the others to stay.
    /// </summary>
    private static string EndAtDisconnectAtTheLatest(NbdLeg leg, ThreeLegs legs, Task<IoResult>[] writes)
    {
        Task.WaitAll(writes, Soon);
        int ended = writes.Count(static write => write.IsCompleted);
        leg.Disconnect();
        return legs.AllEnd(writes, Soon, ThreeLegs.Remote, Errno.EIO) + string.Create(CultureInfo.InvariantCulture, $"; {ended} before nbd-client -d");
    }

    private static string KilledWithoutTimeout(NbdServer server, NbdLeg leg, ThreeLegs legs)
    {
        server.Stop();
        Task<IoResult>[] writes = legs.WriteMany();
        Thread.Sleep(Limit);
        server.Kill();
        return EndAtDisconnectAtTheLatest(leg, legs, writes);
    }

    private static string UserMemory(NbdServer server, NbdLeg _, ThreeLegs legs)
    {
        server.Stop();
        Task<IoResult>[] writes = legs.WriteMany();
        Thread.Sleep(4 * Limit);
        int stuck = writes.Count(static write => !write.IsCompleted);
        int ended = writes.Count(static write => write.IsCompleted && write.Result.IsSuccess);
        server.GoOn();
        if (stuck == 0 || ended > 0)
            throw new CheckException($"{stuck} of {writes.Length} writes were under way and {ended} had ended well, though the server had answered nothing");
        if (!Task.WaitAll(writes, Soon))
            throw new CheckException("the writes do not end after the server has gone on");

        // What the device did in the end is done, and what was taken back in time has failed.
        foreach (Task<IoResult> write in writes)
            ThreeLegs.Judge(write.Result, write.Result.IsSuccess ? 0 : ThreeLegs.Remote, Errno.ETIMEDOUT);
        for (int place = 0; place < writes.Length; place++)
            legs.Holds(place, writes[place].Result.IsSuccess ? [0, 1, 2] : [0, 2]);
        return string.Create(CultureInfo.InvariantCulture, $"{stuck} were under way after {4 * Limit.TotalSeconds} s; {writes.Count(static write => write.Result.IsSuccess)} were done after all");
    }

    private static string StableCopies(NbdServer server, NbdLeg _, ThreeLegs legs)
    {
        server.Stop();
        Task<IoResult>[] writes = legs.WriteMany(IoFlags.StableCopy);
        Task<IoResult> sync = Task.Run(() => legs.Client.Write(legs.Regions(ThreeLegs.UnderWay), ThreeLegs.Data(ThreeLegs.UnderWay), IoFlags.StableCopy));
        string seen;
        int abandoned;
        try
        {
            seen = legs.AllEnd([.. writes, sync], 5 * Limit, ThreeLegs.Remote, Errno.ETIMEDOUT);
            abandoned = legs.Client.GetPendingRequestsAsync().GetAwaiter().GetResult().Count(static pending => pending.IsAbandoned);
            if (abandoned == 0 || legs.Client.Pages.RentedPages == 0)
                throw new CheckException("no request is abandoned, though the server has answered nothing");
        }
        finally
        {
            server.GoOn();
        }

        legs.NothingIsLeft();

        // All of it can be had again; and what was abandoned has been written in the meantime, or was taken back.
        ThreeLegs.Judge(legs.Write(0, IoFlags.StableCopy).GetAwaiter().GetResult(), failed: 0);
        legs.Holds(0, 0, 1, 2);
        return $"{seen}; {abandoned} abandoned";
    }
}
