namespace DmIoUring.RemoteLegs;

/// <summary>What becomes of a mirror under load whose remote leg is cut off and comes back: no request fails, every read is right, and in the end both media hold the same.</summary>
internal static class MirrorChecks
{
    private const int Limit = 3;
    private const int LossLimit = 8;

    public static void RunOnNbd(Checks checks)
    {
        checks.Run("nbd -timeout as a leg of a mirror, the server is killed under load: a new one takes the leg's place", static () =>
        {
            using NbdServer server = new();
            using LoadedMirror mirror = new(new NbdLeg(server, Limit));
            mirror.CutOff(server.Kill);
            server.StartAgain();
            mirror.Replace(new NbdLeg(server, Limit));
            return mirror.Heal(server.Medium, isWhole: true);
        });
        checks.Run("nbd -timeout as a leg of a mirror, nothing comes through under load: the mirror is opened without it, and gets it back", static () =>
        {
            using NbdServer server = new();
            NbdLeg leg = new(server, Limit);
            using LoadedMirror mirror = new(leg);
            mirror.CutOff(leg.Relay.Stop);

            // What the relay holds back must not reach the server behind newer writes.
            leg.Relay.Cut();
            mirror.Close();
            mirror.OpenWithoutRemote();
            mirror.Attach(new NbdLeg(server, Limit));
            return mirror.Heal(server.Medium, isWhole: false);
        });
    }

    public static void RunOnNvmeTcp(Checks checks)
    {
        checks.Run("nvme-tcp, fast_io_fail_tmo, as a leg of a mirror, the server is gone under load: the mirror is opened with a new connection", static () =>
        {
            using NvmeTcpTarget target = new();
            NvmeTcpLeg leg = new(target, LossLimit, Limit);
            using LoadedMirror mirror = new(leg);
            mirror.CutOff(leg.Relay.Vanish);
            mirror.Close();
            leg.WaitUntilGivenUp();
            mirror.OpenWith(new NvmeTcpLeg(target, LossLimit, Limit));
            return mirror.Heal(target.Medium, isWhole: false);
        });
        checks.Run("nvme-tcp, fast_io_fail_tmo, as a leg of a mirror, nothing comes through for a while under load: the same device goes on", static () =>
        {
            using NvmeTcpTarget target = new();
            NvmeTcpLeg leg = new(target, 600, Limit);
            using LoadedMirror mirror = new(leg);
            mirror.CutOff(leg.Relay.Stop);
            leg.Relay.Cut();
            leg.Relay.GoOn();
            leg.WaitUntilConnected();
            return mirror.Heal(target.Medium, isWhole: false);
        });
    }
}
