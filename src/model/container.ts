/** Where the agent notes, at a workload endpoint, the name that Docker's users know its container by. */
export const CONTAINER_ANNOTATION = 'docker.projectcalico.org/container'
