/** Protocol numbers of routes that the agent makes for itself, which BIRD is to let be: those to workloads, and those of blocks and tunnels. */
export const ROUTE_PROTOCOLS = { workloads: 90, blocks: 80 } as const
