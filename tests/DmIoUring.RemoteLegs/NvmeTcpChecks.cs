using DmIoUring.Interop;

namespace DmIoUring.RemoteLegs;

/// <summary>What becomes of requests on an NVMe namespace over TCP whose other side goes away.</summary>
internal static class NvmeTcpChecks
{
    private const int FailLimit = 3;
    private const int LossLimit = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(25);

    public static void Run(Checks checks)
    {
        checks.Run("nvme-tcp: three whole legs hold what was written", () => With(600, null, null, static (_, legs) => legs.AllEnd(legs.WriteMany(), Soon, failed: 0)));
        checks.Run("nvme-tcp: the connection is cut and comes back: every write ends well", () => With(600, null, null, static (leg, legs) =>
        {
            leg.Relay.Stop();
            Task<IoResult>[] writes = legs.WriteMany();
            Thread.Sleep(Limit);
            leg.Relay.Cut();
            leg.Relay.GoOn();
            return legs.AllEnd(writes, Soon, failed: 0);
        }));
        checks.Run("nvme-tcp, fast_io_fail_tmo: the server is gone: every write ends with the remote leg's bit alone", () => With(600, FailLimit, null, Gone));
        checks.Run("nvme-tcp, ctrl_loss_tmo alone: the server is gone: every write ends with the remote leg's bit alone", () => With(LossLimit, null, null, Gone));
        checks.Run("nvme-tcp: nothing comes through for a while: stable copies end at the time limit, and their pages come back", () => With(600, null, Limit, static (leg, legs) =>
        {
            leg.Relay.Stop();
            string seen = legs.AllEnd(legs.WriteMany(IoFlags.StableCopy), 5 * Limit, ThreeLegs.Remote, Errno.ETIMEDOUT);
            leg.Relay.GoOn();
            legs.NothingIsLeft();
            return seen;
        }));
    }

    private static string Gone(NvmeTcpLeg leg, ThreeLegs legs)
    {
        leg.Relay.Stop();
        Task<IoResult>[] writes = legs.WriteMany();
        Thread.Sleep(Limit);
        leg.Relay.Vanish();
        return legs.AllEnd(writes, Soon, ThreeLegs.Remote);
    }

    private static string With(int lossLimit, int? failLimit, TimeSpan? limit, Func<NvmeTcpLeg, ThreeLegs, string> check)
    {
        using NvmeTcpTarget target = new();
        using NvmeTcpLeg leg = new(target, lossLimit, failLimit);
        using ThreeLegs legs = new(leg, limit);
        return check(leg, legs);
    }
}
