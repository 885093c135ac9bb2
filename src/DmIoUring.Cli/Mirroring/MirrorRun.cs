namespace DmIoUring.Cli.Mirroring;

/// <summary>Runs a subcommand of <c>dmio mirror</c>, and tells of it.</summary>
internal static class MirrorRun
{
    public static async Task<int> StatusAsync(IReadOnlyList<string> legs, bool json, Terminal terminal, CancellationToken cancellation) =>
        Tell(await MirrorProbe.RunAsync(legs, cancellation), json, terminal);

    public static async Task<int> ChangeAsync(MirrorRequest request, bool json, Terminal terminal, CancellationToken cancellation)
    {
        using MirrorPlan? plan = MirrorPlanner.Make(request, cancellation, out IReadOnlyList<Refusal> refusals);
        if (plan is null)
            return Tell(new MirrorReport { Action = request.Action, Outcome = CommandOutcome.Refused, Refusals = refusals }, json, terminal);
        if (plan.Client.Capabilities.RefusalReason is { } reason)
            terminal.WriteNote($"worker threads carry the requests: {reason}");
        terminal.WriteNotes(plan.Notes);
        MirrorProgress progress = new();
        Task<MirrorReport> job = new MirrorJob(plan, progress).RunAsync(cancellation);
        if (terminal.ShowsProgress && !json)
            await MirrorView.ShowProgressAsync(terminal.Errors, progress, job);
        return Tell(await job, json, terminal);
    }

    private static int Tell(MirrorReport report, bool json, Terminal terminal)
    {
        foreach (Refusal refusal in report.Refusals ?? [])
            terminal.WriteRefusal(refusal);
        foreach (MirrorDeviceReport device in report.Unusable ?? [])
            terminal.WriteRefusal(new Refusal(device.Path, device.Reason, MirrorText.Advice(device.Refusal, report.Action)));
        if (json)
            terminal.WriteJson(report, ReportJson.Default.MirrorReport);
        else
            MirrorView.Show(terminal, report);
        return report.ExitCode;
    }
}
