using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DmIoUring.Extensions.Hosting;

/// <summary>Whether a client's lanes and the requests on them make progress.</summary>
internal sealed class DmIoHealthCheck(DmIoClient client, IOptions<DmIoSettings> settings) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // First, because a lane that is held does not answer the survey below.
        foreach (IoLaneStatus lane in client.GetLaneStatus())
        {
            if (lane.DispatchingFor > settings.Value.StallLimit)
            {
                return Unhealthy(context, string.Create(
                    CultureInfo.InvariantCulture,
                    $"Lane {lane.Lane} has been in callbacks for {lane.DispatchingFor.TotalSeconds:0.#} s without a break, the last of a request on {lane.LastDevice}; {lane.ActiveRequests} requests wait for it. Callbacks must not block, unless Callbacks is ThreadPool."));
            }
        }

        IoPendingRequest? oldest = null;
        IReadOnlyList<IoPendingRequest> pending = await client.GetPendingRequestsAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (IoPendingRequest request in pending)
        {
            if (request.Age is { } age && (oldest is null || age > oldest.Age))
                oldest = request;
        }

        if (oldest?.Age > settings.Value.OldestRequestLimit)
        {
            return Unhealthy(context, string.Create(
                CultureInfo.InvariantCulture, $"A request has been under way for {oldest.Age.Value.TotalSeconds:0.#} s: {oldest}. The device does not answer."));
        }

        return HealthCheckResult.Healthy(string.Create(
            CultureInfo.InvariantCulture, $"{pending.Count} requests under way, the oldest for {(oldest?.Age ?? TimeSpan.Zero).TotalSeconds:0.###} s."));
    }

    private static HealthCheckResult Unhealthy(HealthCheckContext context, string description) => new(context.Registration.FailureStatus, description);
}
